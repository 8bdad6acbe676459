#include <hocket/loop/function_name.hpp>

#include <cstddef>
#include <vector>

namespace hocket {
namespace {

/// Reads a function's name as clang, g++ and their demanglers write it. What stands in brackets is dropped, but a
/// lambda.
class name_reader {
 public:
  explicit name_reader(std::string_view text) : text_(text) {}

  std::string read() {
    while (at_ < text_.size() && step()) {
    }
    if (parts_.size() > 1 && parts_.back() == "operator()" && parts_[parts_.size() - 2] == lambda) parts_.pop_back();
    std::string name;
    for (const std::string& p : parts_) {
      if (!p.empty()) name += (name.empty() ? "" : "::") + p;
    }
    return name;
  }

 private:
  static constexpr std::string_view lambda = "<lambda>";

  bool skip(std::string_view word) noexcept {
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }

  // False at the end of the name.
  bool step() {
    if (skip("(anonymous namespace)::") || skip("{anonymous}::")) return true;
    if (skip("operator()")) {
      parts_.back() += "operator()";
    } else if (skip("::")) {
      parts_.emplace_back();
    } else if (const char c = text_[at_]; c == '(' || c == '<' || c == '{' || c == '[') {
      const std::string_view inside = skip_brackets();
      if (inside.starts_with("lambda") || inside == "anonymous class") parts_.back() = lambda;
    } else if (c == ' ' || c == '*' || c == '&') {
      const auto next = text_.find_first_not_of(" *&", at_);
      if (next == std::string_view::npos) return false;
      for (const std::string_view tail : {"const", "noexcept", "["}) {
        if (text_.substr(next).starts_with(tail)) return false;
      }
      at_ = next;
      parts_.assign(1, "");  // what came before was the type that it gives
    } else if (skip("$_")) {
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      parts_.back() = lambda;
    } else {
      parts_.back() += c;
      ++at_;
    }
    return true;
  }

  // Over the brackets and what is between them, which it gives.
  std::string_view skip_brackets() noexcept {
    const std::size_t begin = at_ + 1;
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '(' || c == '<' || c == '{' || c == '[') ++depth;
      const bool is_arrow = c == '>' && text_[at_ - 1] == '-';
      if ((c == ')' || c == '>' || c == '}' || c == ']') && !is_arrow && --depth == 0) break;
    }
    const std::string_view inside = text_.substr(begin, at_ - begin);
    if (at_ < text_.size()) ++at_;
    return inside;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<std::string> parts_{""};
};

}  // namespace

std::string qualified_name(std::string_view function) { return name_reader(function).read(); }

}  // namespace hocket
