// A loop of one's own, and what it says of itself.
#include <hocket/hocket.hpp>
namespace asyncio = hocket;

int main() {
  auto loop = asyncio::new_event_loop();
  asyncio::print(loop);
  asyncio::print(loop.is_running());
  asyncio::print(loop.is_closed());
  loop.close();
  asyncio::print(loop.is_closed());
}
