#include "cosim/framework/device.h"

#include <fstream>

#include "common/errors.h"

namespace coffer::cosim {

void check_writable(const std::string& path) {
    if (!std::ofstream(path)) throw InputError(path, "cannot be written");
}

}  // namespace coffer::cosim
