// Everything that tests share, in one include.
#pragma once

#include "support/chance.hpp"
#include "support/deadline.hpp"
#include "support/environment.hpp"
#include "support/eventually.hpp"
#include "support/leftovers.hpp"
#include "support/load.hpp"
#include "support/temp_folder.hpp"
