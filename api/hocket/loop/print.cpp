#include <hocket/loop/print.hpp>

#include <charconv>
#include <cmath>

namespace hocket::text {

namespace {

// Python's repr of a float: the shortest digits that read back as the same value; an exponent below 1e-4 and from 1e16
// on.
constexpr int exponent_from = 16, exponent_below = -4;

template <class Float>
void append_shortest(std::string& out, Float value) {
  if (std::isnan(value)) {
    out += "nan";
    return;
  }
  if (std::signbit(value)) out += '-';
  if (std::isinf(value)) {
    out += "inf";
    return;
  }
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::fabs(value), std::chars_format::scientific).ptr;
  // "d.ddde+xx": the digits without the point, and the exponent.
  const std::string_view scientific(buffer, static_cast<std::size_t>(end - buffer));
  const auto e = scientific.find('e');
  std::string digits(1, scientific[0]);
  if (e > 2) digits += scientific.substr(2, e - 2);
  int exponent = 0;
  std::from_chars(scientific.data() + e + (scientific[e + 1] == '+' ? 2 : 1), end, exponent);

  const int count = static_cast<int>(digits.size());
  if (exponent < exponent_below || exponent >= exponent_from) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    out += exponent < 0 ? "e-" : "e+";
    const int magnitude = exponent < 0 ? -exponent : exponent;
    if (magnitude < 10) out += '0';
    append_signed(out, magnitude);
  } else if (exponent < 0) {
    out.append("0.").append(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  } else if (count <= exponent + 1) {
    out.append(digits).append(static_cast<std::size_t>(exponent + 1 - count), '0').append(".0");
  } else {
    const auto whole = static_cast<std::size_t>(exponent + 1);
    out.append(digits, 0, whole).append(".").append(digits, whole);
  }
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
  char buffer[24];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

// The length of the valid UTF-8 sequence that begins at `at`; 0 when there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  const std::size_t length = lead >= 0xf0 && lead < 0xf5 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
  if (length == 0 || lead >= 0xf5 || at + length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  }
  return length;
}

}  // namespace

void append_float(std::string& out, float value) { append_shortest(out, value); }
void append_float(std::string& out, double value) { append_shortest(out, value); }
void append_float(std::string& out, long double value) { append_shortest(out, value); }
void append_signed(std::string& out, long long value) { append_integer(out, value); }
void append_unsigned(std::string& out, unsigned long long value) { append_integer(out, value); }

void append_quoted(std::string& out, std::string_view value) {
  const bool has_single = value.find('\'') != value.npos, has_double = value.find('"') != value.npos;
  const char quote = has_single && !has_double ? '"' : '\'';
  constexpr char hex[] = "0123456789abcdef";
  out += quote;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    const auto byte = static_cast<unsigned char>(c);
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (byte >= 0x20 && byte < 0x7f) {
      out += c;
    } else if (const std::size_t length = byte >= 0x80 ? utf8_length(value, i) : 0; length != 0) {
      out += value.substr(i, length);
      i += length - 1;
    } else {
      out += "\\x";
      out += hex[byte >> 4];
      out += hex[byte & 15];
    }
  }
  out += quote;
}

void write_line(std::FILE* file, std::string_view line) noexcept {
  // fwrite holds the stream's lock for the whole line. A failure shows in ferror(), as with printf.
  (void)std::fwrite(line.data(), 1, line.size(), file);
}

}  // namespace hocket::text
