// yield in the serial door: what a program that was ported from asyncio does.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = yield::parse(argc, argv);
  hocket::run(yield::body(o), {.workers = o.workers});
}
