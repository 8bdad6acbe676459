// external_post: libuv wakes its loop by uv_async_send, which may say several at once: what is to be done lies in a
// queue of our own beside it.
#include <uv.h>

#include <deque>
#include <mutex>

#include "config.hpp"

namespace {

struct inbox {
  std::mutex mutex;
  std::deque<external_post::countdown*> jobs;  // guarded by mutex
  bool closed = false;                         // guarded by mutex
  uv_async_t wake;

  void post(external_post::countdown* job) {
    {
      const std::lock_guard guard(mutex);
      if (job == nullptr) {
        closed = true;
      } else {
        jobs.push_back(job);
      }
    }
    uv_async_send(&wake);
  }
};

void run_all(uv_async_t* wake) {
  auto& own = *static_cast<inbox*>(wake->data);
  std::deque<external_post::countdown*> jobs;
  bool closed = false;
  {
    const std::lock_guard guard(own.mutex);
    jobs.swap(own.jobs);
    closed = own.closed;
  }
  for (external_post::countdown* job : jobs) job->run_one();
  if (closed) uv_close(reinterpret_cast<uv_handle_t*>(wake), nullptr);
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = external_post::parse(argc, argv);
  uv_loop_t loop;
  inbox own;
  uv_loop_init(&loop);
  uv_async_init(&loop, &own.wake, run_all);
  own.wake.data = &own;
  std::thread poster([&] {
    external_post::countdown jobs;
    external_post::measure(o, jobs, [&] { own.post(&jobs); });
    own.post(nullptr);
  });
  uv_run(&loop, UV_RUN_DEFAULT);
  poster.join();
}
