#include <hocket/loop/awaiting_parties.hpp>

#include <algorithm>

namespace hocket {

task_look::task_look(rt::task_base& party) noexcept
    : whole_(static_cast<task_core*>(&party.whole_task())), party_(&party) {}

void task_look::begin() noexcept {
  for (const rt::task_base* t = rt::current_task(); t; t = t->part_of()) {
    if (t != party_) continue;
    held_ = t == rt::current_task() ? hold::current : hold::at_rest;
    return;
  }
  if (party_->has_ended()) return;
  if (party_->is_exclusive() && party_->home().runs_here()) {
    held_ = hold::at_rest;
  } else if (party_->begin_look()) {
    held_ = hold::claimed;
  }
}

// A child's parents are at rest while the child is not done.
std::vector<rt::coroutine_place> task_look::places() const {
  std::vector<rt::coroutine_place> all;
  for (const rt::task_base* t = party_; t && can_be_read(); t = t->part_of()) {
    for (std::coroutine_handle<> h = t->innermost(); h; h = rt::promise_of(h).continuation()) {
      all.push_back(rt::promise_of(h).place());
    }
  }
  return all;
}

awaiting_parties::awaiting_parties(const future_core& f) {
  f.tell_waiters(*this);
  for (std::size_t i = 0; i < by_way_of_.size(); ++i) {
    const rt::counted_ptr<future_core> next = by_way_of_[i];
    next->tell_waiters(*this);
  }
}

void awaiting_parties::add(rt::task_base& party) {
  if (std::ranges::any_of(looks_, [&](const task_look& l) { return l.party() == &party; })) return;
  looks_.emplace_back(party).begin();
}

void awaiting_parties::add_those_of(future_core& f) {
  if (std::ranges::any_of(by_way_of_, [&](const auto& known) { return known.get() == &f; })) return;
  by_way_of_.emplace_back(&f);
}

}  // namespace hocket
