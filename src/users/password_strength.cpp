#include <fmt/format.h>

#include <algorithm>
#include <bitset>
#include <cmath>

#include "crypto/random.h"
#include "users/password_hash.h"

namespace sallyport {
namespace {

// Tried first by everybody who guesses: the short list of public lists, and the words of this trade.
constexpr std::string_view kCommon[] = {
    "password",   "passw0rd",     "password1",    "12345678",        "123456789",     "1234567890",    "qwertyuiop",
    "qwerty123",  "iloveyou",     "sunshine",     "princess",        "football",      "baseball",      "superman",
    "trustno1",   "letmein1",     "changeme",     "changeit",        "administrator", "adminadmin",    "mosquitto",
    "emqxpublic", "publicpublic", "sallyport",    "raspberry",       "raspberrypi",   "homeassistant", "mqttmqtt",
    "mqttuser",   "mqttpassword", "secretsecret", "testtest",        "test1234",      "abcd1234",      "1q2w3e4r",
    "1qaz2wsx",   "zaq12wsx",     "welcome1",     "defaultpassword", "guestguest"};

constexpr double kEnoughBits = 44;

}  // namespace

std::string weakness(std::string_view password) {
  bool lower = false, upper = false, digit = false, other = false;
  std::bitset<256> seen;
  std::string folded;
  for (const char c : password) {
    const auto byte = static_cast<unsigned char>(c);
    seen.set(byte);
    if (c >= 'a' && c <= 'z')
      lower = true;
    else if (c >= 'A' && c <= 'Z')
      upper = true;
    else if (c >= '0' && c <= '9')
      digit = true;
    else
      other = true;
    folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  std::string length = fmt::format("{} character{}", password.size(), password.size() == 1 ? "" : "s");
  if (std::find(std::begin(kCommon), std::end(kCommon), std::string_view(folded)) != std::end(kCommon))
    return "it is on every list of common passwords";
  if (password.size() < 8) return length;
  if (seen.count() < 4) return fmt::format("{}, only {} different", length, seen.count());
  bool row = true;  // abcdefgh, 87654321
  for (std::size_t i = 2; i < password.size() && row; ++i)
    row = password[i] - password[i - 1] == password[1] - password[0];
  if (row) return length + " in a row";
  const int alphabet = (lower ? 26 : 0) + (upper ? 26 : 0) + (digit ? 10 : 0) + (other ? 33 : 0);
  if (static_cast<double>(password.size()) * std::log2(alphabet) >= kEnoughBits) return {};
  if (digit && !lower && !upper && !other) return length + ", all digits";
  if (lower != upper && !digit && !other) return length + ", all letters of one case";
  return length;
}

std::string generate_password(std::size_t length) {
  // No 0 O o, 1 l I: people copy these from paper.
  constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
  constexpr std::size_t fair = 256 / alphabet.size() * alphabet.size();
  std::string password;
  length = std::max<std::size_t>(length, 16);
  while (password.size() < length) {
    for (const char c : random_bytes(64)) {
      const std::size_t byte = static_cast<unsigned char>(c);
      if (byte < fair && password.size() < length) password += alphabet[byte % alphabet.size()];
    }
  }
  return password;
}

}  // namespace sallyport
