// lock_contended in the serial door: what a program that was ported from asyncio does.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = lock_contended::parse(argc, argv);
  hocket::run(lock_contended::body(o), {.workers = o.workers});
}
