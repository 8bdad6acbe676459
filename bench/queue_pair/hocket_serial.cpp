// queue_pair in the serial door: what a program that was ported from asyncio does.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = queue_pair::parse(argc, argv);
  hocket::run(queue_pair::body(o), {.workers = o.workers});
}
