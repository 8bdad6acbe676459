// run() inside a running loop is an error: it ends the program with exit code 1.
#include <hocket/hocket.hpp>

#include <string>
namespace asyncio = hocket;
using asyncio::Coro;

Coro<> greet(std::string name) {
  asyncio::print("Hello " + name);
  co_return;
}

Coro<> async_main() {
  asyncio::run(greet("John"));
  co_return;
}

int main() { return asyncio::script(async_main); }
