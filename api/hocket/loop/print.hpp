// print, str and repr: values as Python writes them.
//
// A line is put together first and handed to stdio by one call under stdout's own lock, so lines of several threads
// never mix, and print, std::printf and (synchronised) std::cout keep their order. How a type is written: the types of
// this file, then an exception's what(), then the type's operator<<, then ranges and tuple-likes by their elements.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <ranges>
#include <sstream>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

namespace hocket {

namespace text {

/// Inside a container strings are quoted and escaped, at the top they are raw: Python's repr() and str().
enum class style { str, repr };

void append_float(std::string& out, float value);
void append_float(std::string& out, double value);
void append_float(std::string& out, long double value);
void append_signed(std::string& out, long long value);
void append_unsigned(std::string& out, unsigned long long value);
/// In quotes, as Python's repr: single ones, unless the text has single and no double ones. UTF-8 stays as it is.
void append_quoted(std::string& out, std::string_view value);

template <class T>
concept string_like = std::convertible_to<const T&, std::string_view> && !std::same_as<T, std::nullptr_t>;
template <class T>
concept streamable = requires(std::ostream& out, const T& value) { out << value; };
/// A type whose two forms differ, as Queue's: operator<< is its str().
template <class T>
concept has_repr = requires(const T& value) {
  { value.repr() } -> std::convertible_to<std::string>;
};
template <class T>
concept exception_like = requires(const T& value) {
  { value.what() } -> std::convertible_to<std::string_view>;
};
template <class T>
concept tuple_like = requires { std::tuple_size<T>::value; };
template <class T>
concept map_like = std::ranges::input_range<const T> && requires {
  typename T::key_type;
  typename T::mapped_type;
};
template <class T>
concept set_like = std::ranges::input_range<const T> && requires { typename T::key_type; } && !map_like<T>;

template <class T>
inline constexpr bool is_optional = false;
template <class T>
inline constexpr bool is_optional<std::optional<T>> = true;
template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;
template <class>
inline constexpr bool always_false = false;

template <class T>
void append(std::string& out, const T& value, style as);

template <class Range>
void append_elements(std::string& out, const Range& range) {
  bool first = true;
  for (const auto& element : range) {
    if (!first) out += ", ";
    first = false;
    // vector<bool> gives a proxy.
    if constexpr (std::same_as<std::ranges::range_value_t<const Range>, bool>) {
      append(out, static_cast<bool>(element), style::repr);
    } else {
      append(out, element, style::repr);
    }
  }
}

template <class Map>
void append_pairs(std::string& out, const Map& map) {
  bool first = true;
  for (const auto& [key, mapped] : map) {
    if (!first) out += ", ";
    first = false;
    append(out, key, style::repr);
    out += ": ";
    append(out, mapped, style::repr);
  }
}

template <class Tuple, std::size_t... I>
void append_members(std::string& out, const Tuple& tuple, std::index_sequence<I...>) {
  using std::get;
  ((out += I == 0 ? "" : ", ", append(out, get<I>(tuple), style::repr)), ...);
  if (sizeof...(I) == 1) out += ',';
}

template <class T>
void append(std::string& out, const T& value, style as) {
  if constexpr (std::same_as<T, bool>) {
    out += value ? "True" : "False";
  } else if constexpr (std::same_as<T, std::nullptr_t> || std::same_as<T, std::monostate> ||
                       std::same_as<T, std::nullopt_t>) {
    out += "None";
  } else if constexpr (std::same_as<T, char>) {
    as == style::repr ? append_quoted(out, std::string_view(&value, 1)) : out.push_back(value);
  } else if constexpr (std::floating_point<T>) {
    append_float(out, value);
  } else if constexpr (std::signed_integral<T>) {
    append_signed(out, value);
  } else if constexpr (std::unsigned_integral<T>) {
    append_unsigned(out, value);
  } else if constexpr (string_like<T>) {
    if constexpr (std::is_pointer_v<T>) {
      if (value == nullptr) return append(out, nullptr, as);
    }
    const std::string_view view = value;
    as == style::repr ? append_quoted(out, view) : void(out += view);
  } else if constexpr (is_optional<T>) {
    value ? append(out, *value, as) : append(out, nullptr, as);
  } else if constexpr (is_variant<T>) {
    std::visit([&](const auto& held) { append(out, held, as); }, value);
  } else if constexpr (exception_like<T>) {
    out += value.what();
  } else if constexpr (has_repr<T> && streamable<T>) {
    if (as == style::repr) {
      out += value.repr();
    } else {
      std::ostringstream stream;
      stream << value;
      out += stream.view();
    }
  } else if constexpr (streamable<T>) {
    std::ostringstream stream;
    stream << value;
    out += stream.view();
  } else if constexpr (map_like<T>) {
    out += '{';
    append_pairs(out, value);
    out += '}';
  } else if constexpr (set_like<T>) {
    if (std::ranges::empty(value)) {
      out += "set()";
    } else {
      out += '{';
      append_elements(out, value);
      out += '}';
    }
  } else if constexpr (std::ranges::input_range<const T>) {
    out += '[';
    append_elements(out, value);
    out += ']';
  } else if constexpr (tuple_like<T>) {
    out += '(';
    // A pair is a tuple of two.
    append_members(out, value, std::make_index_sequence<std::tuple_size_v<T>>());
    out += ')';
  } else {
    static_assert(always_false<T>, "hocket::print: this type has no operator<<, is no range and no tuple");
  }
}

/// One write to `file`, under its lock.
void write_line(std::FILE* file, std::string_view line) noexcept;

}  // namespace text

/// The value as Python's str() writes it: strings raw, 1.0 as "1.0", true as "True", a vector as "[1, 2]". Any thread.
template <class T>
std::string str(const T& value) {
  std::string out;
  text::append(out, value, text::style::str);
  return out;
}

/// The value as Python's repr() writes it: as str(), with strings in quotes.
template <class T>
std::string repr(const T& value) {
  std::string out;
  text::append(out, value, text::style::repr);
  return out;
}

/// Python's keyword arguments of print. The views are read before print returns.
struct PrintOptions {
  std::string_view sep = " ";
  std::string_view end = "\n";
  std::FILE* file = nullptr;  // stdout when null
  bool flush = false;
};

/// `print({.sep = ", ", .end = ""}, 1, 2)`.
template <class... Args>
void print(const PrintOptions& options, const Args&... args) {
  std::string line;
  [[maybe_unused]] bool first = true;
  ((first ? void(first = false) : void(line += options.sep), text::append(line, args, text::style::str)), ...);
  line += options.end;
  std::FILE* file = options.file ? options.file : stdout;
  text::write_line(file, line);
  if (options.flush) std::fflush(file);
}

/// Writes the values with a space between them and a newline behind, to stdout, in one call: `print("tick", 3)`.
/// Never suspends; any thread. A write that fails is dropped, as stdio does. Mirrors print().
template <class... Args>
void print(const Args&... args) {
  print(PrintOptions(), args...);
}

}  // namespace hocket
