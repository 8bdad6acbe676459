// print says which values it cannot write.
// expect: this type has no operator<<
#include <hocket/hocket.hpp>

struct stranger {};

void speak() { hocket::print(stranger()); }
