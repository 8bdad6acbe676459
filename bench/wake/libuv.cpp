// wake: a plain thread calls uv_async_send.
#include <uv.h>

#include <atomic>

#include "config.hpp"

namespace {

struct state {
  wake::arrival arrival;
  std::atomic<bool> stop{false};
};

void woken(uv_async_t* async) {
  auto& s = *static_cast<state*>(async->data);
  if (s.stop) {
    uv_close(reinterpret_cast<uv_handle_t*>(async), nullptr);
  } else {
    s.arrival.note();
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = wake::parse(argc, argv);
  uv_loop_t loop;
  uv_async_t async;
  state s;
  uv_loop_init(&loop);
  uv_async_init(&loop, &async, woken);
  async.data = &s;
  std::thread poster([&] {
    wake::measure(o, [&] {
      uv_async_send(&async);
      return s.arrival.wait();
    });
    s.stop = true;
    uv_async_send(&async);
  });
  uv_run(&loop, UV_RUN_DEFAULT);
  poster.join();
}
