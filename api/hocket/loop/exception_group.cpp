#include <hocket/loop/exception_group.hpp>

#include <algorithm>
#include <string_view>

namespace hocket {
namespace {

std::string counted(const std::string& message, std::size_t n) {
  return message + " (" + std::to_string(n) + (n == 1 ? " sub-exception)" : " sub-exceptions)");
}

// Those of C++ that are none of ours count as ordinary.
bool is_ordinary(const std::exception_ptr& e) { return is_exception<Exception>(e) || !is_exception<BaseException>(e); }

/// Calls fn(const BaseExceptionGroup&) if `e` is one.
template <class F>
bool if_group(const std::exception_ptr& e, F&& fn) {
  if (!is_exception<BaseExceptionGroup>(e)) return false;
  try {
    std::rethrow_exception(e);
  } catch (const BaseExceptionGroup& group) {
    fn(group);
  }
  return true;
}

std::exception_ptr group_or_null(const BaseExceptionGroup& like, std::vector<std::exception_ptr> members) {
  return members.empty() ? nullptr : make_exception_group(like.message(), std::move(members));
}

template <class Group>
std::optional<Group> as_group(const std::exception_ptr& e) {
  if (!e) return std::nullopt;
  try {
    std::rethrow_exception(e);
  } catch (const Group& group) {
    return group;
  }
}

template <class Group>
auto split_group(const Group& group, const ExceptionCondition& is_meant) {
  const auto [match, rest] = split_exception(group.as_exception(), is_meant);
  return std::pair(as_group<Group>(match), as_group<Group>(rest));
}

template <class F>
void for_each_leaf(const std::exception_ptr& e, F& fn) {
  const bool is_group = if_group(e, [&](const BaseExceptionGroup& group) {
    for (const auto& member : group.exceptions()) for_each_leaf(member, fn);
  });
  if (!is_group) fn(e);
}

}  // namespace

BaseExceptionGroup::BaseExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions)
    : BaseException(counted(message, exceptions.size())), message_(message), exceptions_(std::move(exceptions)) {
  if (exceptions_.empty()) throw ValueError("second argument (exceptions) must be a non-empty sequence");
}

BaseExceptionGroup::BaseExceptionGroup(ordinary, const std::string& message, std::vector<std::exception_ptr> exceptions)
    : BaseExceptionGroup(message, std::move(exceptions)) {
  name_ = "ExceptionGroup";
}

ExceptionGroup::ExceptionGroup(const std::string& message, std::vector<std::exception_ptr> exceptions)
    : Exception(counted(message, exceptions.size())), BaseExceptionGroup(ordinary{}, message, std::move(exceptions)) {
  if (!std::all_of(this->exceptions().begin(), this->exceptions().end(), is_ordinary))
    throw TypeError("Cannot nest BaseExceptions in an ExceptionGroup");
}

std::exception_ptr make_exception_group(const std::string& message, std::vector<std::exception_ptr> exceptions) {
  if (std::all_of(exceptions.begin(), exceptions.end(), is_ordinary))
    return std::make_exception_ptr(ExceptionGroup(message, std::move(exceptions)));
  return std::make_exception_ptr(BaseExceptionGroup(message, std::move(exceptions)));
}

std::pair<std::exception_ptr, std::exception_ptr> split_exception(const std::exception_ptr& e,
                                                                  const ExceptionCondition& is_meant) {
  if (is_meant(e)) return {e, nullptr};
  std::pair<std::exception_ptr, std::exception_ptr> parts{nullptr, e};
  if_group(e, [&](const BaseExceptionGroup& group) {
    std::vector<std::exception_ptr> match, rest;
    for (const auto& member : group.exceptions()) {
      const auto [meant, other] = split_exception(member, is_meant);
      if (meant) match.push_back(meant);
      if (other) rest.push_back(other);
    }
    if (!match.empty()) parts = {group_or_null(group, std::move(match)), group_or_null(group, std::move(rest))};
  });
  return parts;
}

std::optional<BaseExceptionGroup> BaseExceptionGroup::subgroup(const ExceptionCondition& is_meant) const {
  return split(is_meant).first;
}

std::pair<std::optional<BaseExceptionGroup>, std::optional<BaseExceptionGroup>> BaseExceptionGroup::split(
    const ExceptionCondition& is_meant) const {
  return split_group(*this, is_meant);
}

std::optional<ExceptionGroup> ExceptionGroup::subgroup(const ExceptionCondition& is_meant) const {
  return split(is_meant).first;
}

std::pair<std::optional<ExceptionGroup>, std::optional<ExceptionGroup>> ExceptionGroup::split(
    const ExceptionCondition& is_meant) const {
  return split_group(*this, is_meant);
}

// --- except* ---

std::exception_ptr ExceptStar::take(const ExceptionCondition& is_meant) {
  if (!unhandled_) return nullptr;
  auto [match, rest] = split_exception(unhandled_, is_meant);
  unhandled_ = std::move(rest);
  if (match && !is_exception<BaseExceptionGroup>(match)) match = make_exception_group("", {match});
  return match;
}

void ExceptStar::handled(const std::exception_ptr& match) {
  auto note = [&](const std::exception_ptr& e) { handled_.push_back(e); };
  for_each_leaf(match, note);
}

void ExceptStar::threw(const std::exception_ptr& match, std::exception_ptr e) {
  if (e == match) {
    was_reraised_ = true;
    return;
  }
  handled(match);
  thrown_.push_back(std::move(e));
}

// The unhandled ones and those that a clause raised again are one group, as they were in the beginning.
std::exception_ptr ExceptStar::rest() const {
  std::exception_ptr left = raised_;
  if (!handled_.empty()) {
    left = split_exception(raised_, [&](const std::exception_ptr& e) {
             return std::find(handled_.begin(), handled_.end(), e) != handled_.end();
           }).second;
  } else if (was_reraised_ && raised_ && !is_exception<BaseExceptionGroup>(raised_)) {
    left = make_exception_group("", {raised_});
  }
  if (thrown_.empty()) return left;
  if (!left && thrown_.size() == 1) return thrown_.front();
  std::vector<std::exception_ptr> all = thrown_;
  if (left) all.push_back(left);
  return make_exception_group("", std::move(all));
}

// --- as text ---

namespace {

constexpr std::size_t most_members = 15, deepest = 10;  // as Python's traceback module

void append_lines(std::string& out, const std::string& indent, std::string_view text) {
  for (;;) {
    const auto end = text.find('\n');
    out += indent + "| ";
    out += text.substr(0, end);
    out += '\n';
    if (end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

// `needs_close`: the innermost group that ends draws the line for all that end with it.
void append_tree(std::string& out, const std::string& indent, const std::exception_ptr& e, std::size_t depth,
                 bool& needs_close) {
  append_lines(out, indent, describe(e));
  if_group(e, [&](const BaseExceptionGroup& group) {
    if (depth >= deepest) {
      append_lines(out, indent, "... (max_group_depth is " + std::to_string(deepest) + ")");
      return;
    }
    const auto& members = group.exceptions();
    const std::size_t shown = members.size() <= most_members ? members.size() : most_members + 1;
    for (std::size_t i = 0; i < shown; ++i) {
      const bool is_cut = i >= most_members, is_last = i + 1 == shown;
      if (is_last) needs_close = true;
      out += indent + (i == 0 ? "+-" : "  ") + "+---------------- " + (is_cut ? "..." : std::to_string(i + 1)) +
             " ----------------\n";
      if (is_cut) {
        const std::size_t more = members.size() - most_members;
        append_lines(out, indent + "  ", "and " + std::to_string(more) + " more exception" + (more > 1 ? "s" : ""));
      } else {
        append_tree(out, indent + "  ", members[i], depth + 1, needs_close);
      }
      if (is_last && std::exchange(needs_close, false)) out += indent + "  +------------------------------------\n";
    }
  });
}

}  // namespace

std::string format_exception(const std::exception_ptr& e) {
  if (!is_exception<BaseExceptionGroup>(e)) return describe(e);
  std::string out;
  bool needs_close = false;
  append_tree(out, "  ", e, 0, needs_close);
  out.pop_back();
  return out;
}

}  // namespace hocket
