// The roll of the schedulers that are alive, so that a process that is stuck can say what all of them do.
#pragma once

#include <cstdio>

#include <hocket/rt/base/list.hpp>

namespace hocket::rt {

class scheduler;

/// A scheduler's line on the roll. Its last member, so that it is on the roll only while it is whole.
class on_roll : public list_node<on_roll> {
 public:
  explicit on_roll(const scheduler& sched);
  ~on_roll();

  const scheduler& sched() const noexcept { return sched_; }

 private:
  const scheduler& sched_;
};

/// scheduler::dump() of every scheduler. Any thread; meant for a process that is about to be ended: it does not wait
/// for a scheduler that is just being made or destroyed.
void dump_schedulers(std::FILE* to);

}  // namespace hocket::rt
