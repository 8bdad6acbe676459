// What HTTP is spelled with: ASCII, whatever the locale.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace hocket::http {

constexpr bool is_letter(char c) noexcept { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
constexpr bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
constexpr bool is_control(char c) noexcept { return (c >= 0 && c < ' ') || c == 0x7f; }
constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

/// A set of characters that is looked up.
class character_set {
 public:
  template <class Predicate>
  constexpr explicit character_set(Predicate is_in) {
    for (std::size_t i = 0; i < has_.size(); ++i) has_[i] = is_in(static_cast<char>(i));
  }
  constexpr bool has(char c) const noexcept { return has_[static_cast<unsigned char>(c)]; }
  /// How much of the front of `text` is made of it.
  constexpr std::size_t prefix(std::string_view text) const noexcept {
    std::size_t size = 0;
    while (size < text.size() && has(text[size])) ++size;
    return size;
  }

 private:
  std::array<bool, 256> has_ = {};
};

/// What names of headers are made of (RFC 9110, 5.6.2).
inline constexpr character_set token_characters([](char c) {
  return is_letter(c) || is_digit(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
});

inline bool is_token(std::string_view text) noexcept {
  return !text.empty() && token_characters.prefix(text) == text.size();
}

/// Letters compare equal in either case.
inline bool same_name(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return x == y || lower(x) == lower(y); });
}

/// Where the first control character stands; the size when there is none. Sixteen characters at a time, in the
/// compiler's own vectors.
inline std::size_t first_control(std::string_view text) noexcept {
  static_assert(std::endian::native == std::endian::little, "a mask's lowest byte must be the first character's");
  using characters [[gnu::vector_size(16)]] = std::uint8_t;
  using halves [[gnu::vector_size(16)]] = std::uint64_t;
  constexpr std::size_t step = sizeof(characters);
  const auto find_in = [text](std::size_t at) {
    characters c;
    std::memcpy(&c, text.data() + at, sizeof c);
    const auto found = std::bit_cast<halves>((c < ' ') | (c == 0x7f));  // of each byte all bits, or none
    if (found[0] != 0) return at + static_cast<std::size_t>(std::countr_zero(found[0])) / 8;
    if (found[1] != 0) return at + 8 + static_cast<std::size_t>(std::countr_zero(found[1])) / 8;
    return text.size();
  };
  std::size_t at = 0;
  for (; at + step < text.size(); at += step) {
    if (const std::size_t found = find_in(at); found != text.size()) return found;
  }
  if (text.size() >= step) return find_in(text.size() - step);  // a part of it once more, which is clean
  while (at < text.size() && !is_control(text[at])) ++at;
  return at;
}

}  // namespace hocket::http
