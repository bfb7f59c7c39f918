#include "codec/base64url.h"

#include <array>
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define SALLYPORT_AVX2 1
#endif

namespace sallyport {
namespace {

constexpr std::string_view kUrlAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view kStandardAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint32_t kBad = 0x8000'0000;

// One table for each of four characters, its six bits already where they belong in
// the 24-bit group; kBad survives the OR of four.
struct GroupTables {
  std::array<std::array<std::uint32_t, 256>, 4> at{};
  constexpr GroupTables() {
    for (auto& table : at) table.fill(kBad);
    for (std::uint32_t i = 0; i < 64; ++i) {
      const auto c = static_cast<unsigned char>(kUrlAlphabet[i]);
      for (std::uint32_t k = 0; k < 4; ++k) at[k][c] = i << (18 - 6 * k);
    }
  }
};
constexpr GroupTables kGroup;

constexpr unsigned char byte(char c) { return static_cast<unsigned char>(c); }

#ifdef SALLYPORT_AVX2
bool has_avx2() noexcept {
  static const bool has = __builtin_cpu_supports("avx2") != 0;
  return has;
}

// A table of 16 bytes, once for each half of a vector: what a shuffle looks up by half a character.
#define SP_TWICE(...) _mm256_setr_epi8(__VA_ARGS__, __VA_ARGS__)

// 32 characters to 24 bytes at a time, while 32 may be read and 32 written; stops before a block with a character of
// another alphabet. Returns the characters taken. What is left, and every fault, is the plain loop's.
__attribute__((target("avx2"))) std::size_t decode_blocks(const char* in, std::size_t length, char* out,
                                                          std::size_t room) noexcept {
  std::size_t taken = 0;
  for (; length - taken >= 32 && room >= 32; taken += 32, in += 32, out += 24, room -= 24) {
    const __m256i c = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(in));
    // Told apart by halves (W. Mula and D. Lemire, "Faster base64 encoding and decoding using AVX2 instructions",
    // 2018): a bit for each high half, and by each low half the bits of those high halves that it stands beside in no
    // character of the alphabet.
    const __m256i half = _mm256_set1_epi8(0x0f);
    const __m256i low = _mm256_and_si256(c, half), high = _mm256_and_si256(_mm256_srli_epi32(c, 4), half);
    const __m256i bit_of_high =
        SP_TWICE(0x01, 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01, 0x01);
    const __m256i not_beside_low =
        SP_TWICE(0x2b, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x03, 0x07, 0x57, 0x57, 0x55, 0x57, 0x47);
    if (!_mm256_testz_si256(_mm256_shuffle_epi8(bit_of_high, high), _mm256_shuffle_epi8(not_beside_low, low))) break;
    // '-' 62, digits 52, 'A' 0, 'a' 26; '_' (63) stands among the capitals and has another distance than they.
    const __m256i to_value = SP_TWICE(0, 0, 62 - '-', 52 - '0', -'A', -'A', 26 - 'a', 26 - 'a', 0, 0, 0, 0, 0, 0, 0, 0);
    const __m256i line = _mm256_cmpeq_epi8(c, _mm256_set1_epi8('_'));
    const __m256i sixes = _mm256_add_epi8(_mm256_add_epi8(c, _mm256_shuffle_epi8(to_value, high)),
                                          _mm256_and_si256(line, _mm256_set1_epi8(63 - '_' + 'A')));
    // 4 x 6 bits to 24: pairs to 12 bits, pairs of these to 24, then the three bytes of each, the high one first.
    const __m256i twelves = _mm256_maddubs_epi16(sixes, _mm256_set1_epi32(0x01400140));
    const __m256i groups = _mm256_madd_epi16(twelves, _mm256_set1_epi32(0x00011000));
    const __m256i bytes =
        _mm256_shuffle_epi8(groups, _mm256_setr_epi8(2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1, 2, 1, 0, 6,
                                                     5, 4, 10, 9, 8, 14, 13, 12, -1, -1, -1, -1));
    const __m256i packed = _mm256_permutevar8x32_epi32(bytes, _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), packed);
  }
  return taken;
}
#undef SP_TWICE
#endif

std::string encode(std::string_view bytes, std::string_view alphabet, bool padded) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::size_t i = 0;
  for (; i + 3 <= bytes.size(); i += 3) {
    const std::uint32_t group =
        std::uint32_t{byte(bytes[i])} << 16 | std::uint32_t{byte(bytes[i + 1])} << 8 | byte(bytes[i + 2]);
    out += alphabet[group >> 18];
    out += alphabet[group >> 12 & 63];
    out += alphabet[group >> 6 & 63];
    out += alphabet[group & 63];
  }
  if (const std::size_t left = bytes.size() - i; left > 0) {
    std::uint32_t group = std::uint32_t{byte(bytes[i])} << 16;
    if (left == 2) group |= std::uint32_t{byte(bytes[i + 1])} << 8;
    out += alphabet[group >> 18];
    out += alphabet[group >> 12 & 63];
    if (left == 2) out += alphabet[group >> 6 & 63];
    if (padded) out.append(3 - left, '=');
  }
  return out;
}

}  // namespace

std::optional<std::size_t> decode_base64url(std::string_view text, std::span<char> out) noexcept {
  const std::size_t size = base64url_decoded_size(text.size());
  const std::size_t tail = text.size() % 4;
  // One character alone holds six bits, which is no byte: no encoder writes it.
  if (tail == 1 || out.size() < size) return std::nullopt;
  const char* in = text.data();
  const char* const end = in + (text.size() - tail);
  char* to = out.data();
#ifdef SALLYPORT_AVX2
  if (has_avx2()) {
    const std::size_t taken = decode_blocks(in, text.size() - tail, to, out.size());
    in += taken;
    to += taken / 4 * 3;
  }
#endif
  std::uint32_t seen = 0;
  for (; in != end; in += 4, to += 3) {
    const std::uint32_t group =
        kGroup.at[0][byte(in[0])] | kGroup.at[1][byte(in[1])] | kGroup.at[2][byte(in[2])] | kGroup.at[3][byte(in[3])];
    seen |= group;
    to[0] = static_cast<char>(group >> 16);
    to[1] = static_cast<char>(group >> 8);
    to[2] = static_cast<char>(group);
  }
  if (tail != 0) {
    std::uint32_t group = kGroup.at[0][byte(in[0])] | kGroup.at[1][byte(in[1])];
    if (tail == 3) group |= kGroup.at[2][byte(in[2])];
    // RFC 4648 3.5: the unused bits must be zero, or one signature would have several spellings.
    if (group & (tail == 2 ? 0xffffU : 0xffU)) return std::nullopt;
    seen |= group;
    *to++ = static_cast<char>(group >> 16);
    if (tail == 3) *to = static_cast<char>(group >> 8);
  }
  if (seen & kBad) return std::nullopt;
  return size;
}

std::optional<std::string> decode_base64url(std::string_view text) {
  std::string out(base64url_decoded_size(text.size()), '\0');
  if (!decode_base64url(text, std::span<char>(out.data(), out.size()))) return std::nullopt;
  return out;
}

std::string encode_base64url(std::string_view bytes) { return encode(bytes, kUrlAlphabet, false); }
std::string encode_base64(std::string_view bytes) { return encode(bytes, kStandardAlphabet, true); }

std::optional<std::string> decode_base64_lenient(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  while (!text.empty() && space.find(text.back()) != std::string_view::npos) text.remove_suffix(1);
  while (!text.empty() && space.find(text.front()) != std::string_view::npos) text.remove_prefix(1);
  std::size_t padding = 0;
  for (; !text.empty() && text.back() == '='; text.remove_suffix(1)) ++padding;
  // Padding, where it is written, is the right amount of it.
  if (padding > 0 && (padding > 2 || (text.size() + padding) % 4 != 0)) return std::nullopt;
  std::string url(text);
  for (char& c : url) {
    if (c == '+') c = '-';
    if (c == '/') c = '_';
  }
  return decode_base64url(url);
}

std::string encode_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    out += digits[byte(c) >> 4];
    out += digits[byte(c) & 15];
  }
  return out;
}

std::optional<std::string> decode_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  const auto digit = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string out;
  out.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = digit(text[i]), low = digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

}  // namespace sallyport
