#pragma once

#include <cstdint>

namespace coffer {

/// What a domain's tree says of a page.
enum class LeafState : std::uint8_t {
    empty,      ///< never populated, or released by its guest
    populated,  ///< it has a counter block, wherever that lies
    lost,       ///< taken away without the guest's release
};

}  // namespace coffer
