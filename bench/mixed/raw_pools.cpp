// The peer to beat: two pools by hand. One epoll thread for the sockets, N threads for the CPU, and every hog is handed
// over by the programmer, who knows which they are.
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "common/server.hpp"
#include "raw_echo.hpp"
#include "work.hpp"

namespace {

struct job {
  int fd = -1;  // of a heavy request; -1: a CPU task, which comes again
  char message[mixed::message_size];
};

class cpu_pool {
 public:
  cpu_pool(unsigned threads, unsigned us, mixed::work& work) {
    for (unsigned i = 0; i < threads; ++i) {
      std::thread([this, us, &work] {
        for (;;) {
          job j = next();
          work.burn(us);
          if (j.fd < 0) {
            put(j);
          } else {
            mixed::raw_echo::answer(j.fd, j.message);
          }
        }
      }).detach();
    }
  }

  void put(const job& j) {
    {
      const std::lock_guard guard(mutex_);
      jobs_.push_back(j);
    }
    some_.notify_one();
  }

 private:
  job next() {
    std::unique_lock lock(mutex_);
    some_.wait(lock, [this] { return !jobs_.empty(); });
    const job j = jobs_.front();
    jobs_.pop_front();
    return j;
  }

  std::mutex mutex_;
  std::condition_variable some_;
  std::deque<job> jobs_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto o = bench::parse(argc, argv, 1);
  const auto kind = static_cast<mixed::jobs>(o.integer("kind", 0));
  if (kind == mixed::jobs::fork_join) bench::skip("two raw pools have no fork-join; see tbb");
  mixed::work work;
  mixed::raw_echo echo;
  cpu_pool cpus(o.workers, static_cast<unsigned>(o.integer("job_us", 5000)), work);
  bench::announce(echo.port());
  echo.run([&] { return work.units(); },
           [&] {
             if (kind == mixed::jobs::none) return;
             const long tasks = o.integer("tasks", o.workers * mixed::tasks_per_worker);
             for (long i = 0; i < tasks; ++i) cpus.put({});
           },
           [&](int fd, const char* message) {
             job j{.fd = fd, .message = {}};
             std::memcpy(j.message, message, mixed::message_size);
             cpus.put(j);
           });
}
