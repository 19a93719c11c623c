#include "aise/chip_number.h"

#include <fmt/format.h>

#include "common/errors.h"

namespace coffer {

ChipNumber::ChipNumber(std::uint64_t number) : value_(static_cast<std::uint16_t>(number)) {
    if (number < 1 || number > 0xffff) throw InputError("chip number", fmt::format("{} is no chip's", number), "1 to 65535");
}

}  // namespace coffer
