// timeout_pair in the serial door: what a program that was ported from asyncio does.
#include <hocket/hocket.hpp>

#include "config.hpp"
#include "hocket_body.hpp"

int main(int argc, char** argv) {
  const auto o = timeout_pair::parse(argc, argv);
  hocket::run(timeout_pair::body(o), {.workers = o.workers});
}
