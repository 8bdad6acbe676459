#include <algorithm>
#include <iterator>

#include "program.hpp"

namespace differential::random {

namespace {

constexpr const char* names[] = {
    "sleep",         "spawn",         "await",       "cancel",       "cancel_self",   "uncancel",     "call",
    "attempt",       "cleanup",       "fail",        "timeout",      "moved_timeout", "wait_for",     "group",
    "gather",        "shield",        "wait",        "as_completed", "put",           "get",          "put_nowait",
    "get_nowait",    "task_done",     "join",        "shutdown",     "lock",          "semaphore",    "set",
    "clear",         "wait_event",    "call_later",  "cond_wait",    "notify",        "barrier_wait", "barrier_reset",
    "barrier_abort", "on_done",       "off_done",    "set_var",      "get_var",       "new_future",   "set_future",
    "fail_future",   "cancel_future", "await_future"};
static_assert(std::size(names) == static_cast<int>(op::await_future) + 1);

class generator {
 public:
  explicit generator(std::uint64_t seed) : state_(seed) { state_ = draw(); }

  block make_block(int depth, int most) {
    block b;
    const int length = 1 + below(most);
    for (int i = 0; i < length && left_ > 0; ++i) b.push_back(make_step(depth));
    return b;
  }

 private:
  // SplitMix64.
  std::uint64_t draw() {
    std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  int below(int n) { return static_cast<int>(draw() % static_cast<unsigned>(n)); }
  bool once_in(int n) { return below(n) == 0; }

  /// Up to 2^33 microseconds: that two sums of some of them are equal is one chance in many millions.
  std::int64_t time() { return 1000 + static_cast<std::int64_t>(draw() >> 31); }

  op draw_op(int depth) {
    struct weight {
      op what;
      int weight;
      bool nests;
    };
    static constexpr weight weights[] = {
        {op::sleep, 14, false},       {op::spawn, 12, true},         {op::await, 6, false},
        {op::cancel, 7, false},       {op::cancel_self, 1, false},   {op::uncancel, 1, false},
        {op::call, 2, true},          {op::attempt, 6, true},        {op::cleanup, 4, true},
        {op::fail, 3, false},         {op::timeout, 5, true},        {op::wait_for, 5, true},
        {op::group, 5, true},         {op::gather, 5, true},         {op::shield, 3, true},
        {op::wait, 3, false},         {op::put, 6, false},           {op::get, 4, false},
        {op::put_nowait, 1, false},   {op::get_nowait, 1, false},    {op::task_done, 1, false},
        {op::join, 1, false},         {op::lock, 5, true},           {op::semaphore, 4, true},
        {op::set, 3, false},          {op::clear, 1, false},         {op::wait_event, 3, false},
        {op::call_later, 2, false},   {op::moved_timeout, 3, true},  {op::as_completed, 2, false},
        {op::shutdown, 1, false},     {op::cond_wait, 3, true},      {op::notify, 5, false},
        {op::barrier_wait, 3, false}, {op::barrier_reset, 1, false}, {op::barrier_abort, 1, false},
        {op::on_done, 2, false},      {op::off_done, 1, false},      {op::set_var, 2, false},
        {op::get_var, 2, false},      {op::new_future, 2, false},    {op::set_future, 4, false},
        {op::fail_future, 1, false},  {op::cancel_future, 1, false}, {op::await_future, 4, false},
    };
    if (depth == 0 && once_in(2)) return op::spawn;  // the program itself soon waits for something
    while (true) {
      int all = 0;
      for (const weight& w : weights) all += w.weight;
      int at = below(all);
      const weight* w = weights;
      while (at >= w->weight) at -= (w++)->weight;
      if (!w->nests || depth < 4) return w->what;
    }
  }

  step make_step(int depth) {
    --left_;
    step s{draw_op(depth), ++number_};
    const auto nested = [&](int most) { s.blocks.push_back(make_block(depth + 1, most)); };
    switch (s.what) {
      case op::sleep:
        s.us = once_in(3) ? 0 : time();
        break;
      case op::spawn:
        s.a = below(slots);
        s.b = once_in(4);
        nested(5);
        break;
      case op::await:
      case op::cancel:
      case op::on_done:
      case op::off_done:
        s.a = below(slots);
        break;
      case op::attempt:
        s.a = once_in(3);
        nested(4);
        break;
      case op::cleanup:
        nested(4);
        nested(2);
        break;
      case op::timeout:
      case op::wait_for:
        s.us = once_in(8) ? 0 : time();
        nested(4);
        break;
      case op::moved_timeout:
        s.us = once_in(8) ? 0 : time();
        s.b = once_in(4);
        nested(3);
        nested(3);
        break;
      case op::group:
      case op::gather:
        s.a = once_in(3);
        for (int i = 1 + below(3); i >= 0; --i) nested(3);
        break;
      case op::wait:
        s.a = 1 + below((1 << slots) - 1);
        s.b = below(3);
        s.us = once_in(2) ? -1 : time();
        break;
      case op::as_completed:
        s.a = 1 + below((1 << slots) - 1);
        s.b = below(2);
        s.us = once_in(2) ? -1 : time();
        break;
      case op::put:
      case op::get:
      case op::put_nowait:
      case op::get_nowait:
      case op::task_done:
      case op::join:
        s.a = below(static_cast<int>(std::size(queue_sizes)));
        break;
      case op::shutdown:
        s.a = below(static_cast<int>(std::size(queue_sizes)));
        s.b = below(2);
        break;
      case op::call:
      case op::shield:
        nested(4);
        break;
      case op::lock:
      case op::semaphore:
        s.a = below(2);
        nested(3);
        break;
      case op::set:
      case op::clear:
      case op::wait_event:
        s.a = below(events);
        break;
      case op::call_later:
        s.us = once_in(3) ? 0 : time();
        break;
      case op::cond_wait:
        s.a = below(conditions);
        nested(3);
        break;
      case op::notify:
        s.a = below(conditions);
        s.b = below(3);
        break;
      case op::barrier_wait:
      case op::barrier_reset:
      case op::barrier_abort:
        s.a = below(static_cast<int>(std::size(barrier_parties)));
        break;
      case op::new_future:
      case op::set_future:
      case op::fail_future:
      case op::cancel_future:
      case op::await_future:
        s.a = below(futures);
        break;
      case op::set_var:
      case op::get_var:
      case op::cancel_self:
      case op::uncancel:
      case op::fail:
        break;
    }
    return s;
  }

  std::uint64_t state_;
  int number_ = 0;
  int left_ = 60;  // steps
};

}  // namespace

block generate(std::uint64_t seed) {
  generator g(seed);
  block program = g.make_block(0, 6);
  for (block more = g.make_block(0, 8); step & s : more) program.push_back(std::move(s));
  return program;
}

block without(const block& program, const std::vector<int>& numbers) {
  block rest;
  for (const step& s : program) {
    if (std::find(numbers.begin(), numbers.end(), s.number) != numbers.end()) continue;
    rest.push_back(s);
    for (block& b : rest.back().blocks) b = without(b, numbers);
  }
  return rest;
}

std::string to_json(const block& program) {
  std::string text = "[";
  for (const step& s : program) {
    if (text.size() > 1) text += ", ";
    text += "[\"" + std::string(names[static_cast<int>(s.what)]) + "\", " + std::to_string(s.number) + ", " +
            std::to_string(s.a) + ", " + std::to_string(s.b) + ", " + std::to_string(s.us) + ", [";
    for (std::size_t i = 0; i < s.blocks.size(); ++i) text += (i ? ", " : "") + to_json(s.blocks[i]);
    text += "]]";
  }
  return text + "]";
}

}  // namespace differential::random
