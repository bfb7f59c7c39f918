#include "daemon/http/form.h"

#include <cstring>

namespace sallyport::http {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The first `wanted` in [text, end); end where there is none.
char* find(char* text, char* end, char wanted) {
  void* const found = text == end ? nullptr : std::memchr(text, wanted, static_cast<std::size_t>(end - text));
  return found ? static_cast<char*>(found) : end;
}

bool decode(char* text, std::size_t size, std::string_view& out) {
  char* const end = text + size;
  // A token has nothing to decode in it.
  if (find(text, end, '%') == end && find(text, end, '+') == end) {
    out = {text, size};
    return true;
  }
  char* to = text;
  for (std::size_t i = 0; i < size; ++i) {
    if (text[i] == '+')
      *to++ = ' ';
    else if (text[i] != '%')
      *to++ = text[i];
    else {
      if (i + 2 >= size) return false;
      const int high = hex(text[i + 1]), low = hex(text[i + 2]);
      if (high < 0 || low < 0) return false;
      *to++ = static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  out = {text, static_cast<std::size_t>(to - text)};
  return true;
}

}  // namespace

bool Form::parse(char* text, std::size_t size) noexcept {
  count_ = 0;
  char* const end = text + size;
  while (text != end) {
    char* const field_end = http::find(text, end, '&');
    char* const equals = http::find(text, field_end, '=');
    if (field_end != text) {
      if (count_ == kMaxFields) return false;
      Field& field = fields_[count_];
      field = {};
      if (!decode(text, static_cast<std::size_t>(equals - text), field.name)) return false;
      if (equals != field_end && !decode(equals + 1, static_cast<std::size_t>(field_end - equals - 1), field.value))
        return false;
      if (find(field.name)) return false;
      ++count_;
    }
    text = field_end == end ? end : field_end + 1;
  }
  return true;
}

std::optional<std::string_view> Form::find(std::string_view name) const noexcept {
  for (std::size_t i = 0; i < count_; ++i)
    if (fields_[i].name == name) return fields_[i].value;
  return std::nullopt;
}

}  // namespace sallyport::http
