// Says by its exit status which of g++ 12's coroutine bugs the compiler has: 1 = conditions (PR106188: a branch on a
// co_await in a coroutine whose outermost block has no local), 2 = temporaries (PR99576: a capturing lambda inside a
// co_await expression is destroyed twice). Neither: 0. Run by HocketProbe.cmake.
#include <coroutine>

struct eager {
  struct promise_type {
    eager get_return_object() { return {std::coroutine_handle<promise_type>::from_promise(*this)}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() {}
  };
  std::coroutine_handle<promise_type> handle;
};

struct later {
  bool value;
  bool await_ready() { return false; }
  void await_suspend(std::coroutine_handle<>) {}
  bool await_resume() { return value; }
};

int branch = 0;

eager conditions() {
  if (co_await later{true}) {  // on purpose
    branch = 1;
  } else {
    branch = 2;
  }
}

int alive = 0;

struct counted {
  counted() { ++alive; }
  counted(const counted&) { ++alive; }
  ~counted() { --alive; }
};

template <class F>
later call(F f) {
  f();
  return {true};
}

eager temporaries() {
  counted c;
  co_await call([c] { (void)c; });
}

int main() {
  int bugs = 0;

  eager first = conditions();
  first.handle.resume();  // once: with the bug it returns without having run anything, and a second one is undefined
  if (branch != 1 || !first.handle.done()) bugs |= 1;

  eager second = temporaries();
  second.handle.resume();
  if (alive != 0) bugs |= 2;

  return bugs;
}
