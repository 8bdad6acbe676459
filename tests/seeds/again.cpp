// Linked with a tutorial program, whose main() the linker calls __real_main (--wrap=main): runs it many times in one
// process. What it prints each time ends with a form feed, on stdout with the exit code behind.
#include <cstdio>
#include <cstdlib>

extern "C" int __real_main();

extern "C" int __wrap_main(int argc, char** argv) {
  const int times = argc == 2 ? std::atoi(argv[1]) : 0;
  if (times <= 0) {
    std::fputs("expected how many times to run, a number above 0\n", stderr);
    return 2;
  }
  for (int i = 0; i < times; ++i) {
    const int code = __real_main();
    std::printf("\f%d\n", code);
    std::fflush(stdout);
    std::fputc('\f', stderr);
  }
  return 0;
}
