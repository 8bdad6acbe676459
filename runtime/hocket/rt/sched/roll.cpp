#include <hocket/rt/sched/roll.hpp>

#include <mutex>

#include <hocket/rt/base/futex.hpp>
#include <hocket/rt/sched/scheduler.hpp>

namespace hocket::rt {
namespace {

constinit futex_mutex mutex;
constinit intrusive_list<on_roll> roll;  // guarded by mutex

}  // namespace

on_roll::on_roll(const scheduler& sched) : sched_(sched) {
  const std::lock_guard lock(mutex);
  roll.push_back(*this);
}

on_roll::~on_roll() {
  const std::lock_guard lock(mutex);
  roll.erase(*this);
}

void dump_schedulers(std::FILE* to) {
  if (!mutex.try_lock()) {
    std::fprintf(to, "a scheduler is being made or destroyed\n");
    return;
  }
  const std::lock_guard lock(mutex, std::adopt_lock);
  for (const on_roll* entry = roll.front(); entry; entry = roll.next(*entry)) entry->sched().dump(to);
}

}  // namespace hocket::rt
