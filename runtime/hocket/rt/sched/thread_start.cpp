#include <hocket/rt/sched/thread_start.hpp>

#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <optional>
#include <system_error>
#include <utility>

#include <hocket/rt/base/cpu.hpp>
#include <hocket/rt/base/error.hpp>
#include <hocket/rt/sched/thread_context.hpp>
#include <hocket/rt/sched/worker.hpp>

namespace hocket::rt {
namespace {

/// Blocks every signal while it lives; a thread started meanwhile inherits that for good.
class signals_blocked {
 public:
  signals_blocked() noexcept {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  signals_blocked(const signals_blocked&) = delete;
  signals_blocked& operator=(const signals_blocked&) = delete;
  ~signals_blocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

}  // namespace

std::thread start_thread(const thread_spec& spec, std::function<void()> body) {
  const signals_blocked quiet;
  // A lower nice value that a thread has while it serves events is not for those that it starts.
  const worker* const creator = this_thread().self;
  const std::optional<int> nice =
      creator && creator->is_favoured() ? std::optional(creator->usual_nice()) : std::nullopt;
  try {
    return std::thread([spec, nice, body = std::move(body)] {
      if (nice) ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), *nice);
      pthread_setname_np(pthread_self(), spec.name.substr(0, 15).c_str());
      // Deadlines to the point: the default lets every sleep end up to 50 us late.
      prctl(PR_SET_TIMERSLACK, 1UL, 0, 0, 0);
      if (spec.cpu >= 0) bind_to_cpu(spec.cpu);
      body();
    });
  } catch (const std::system_error& e) {
    throw_os_error("pthread_create", e.code().value());
  }
}

}  // namespace hocket::rt
