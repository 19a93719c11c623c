#pragma once

#include <cstdint>

#include "aise/pad_generator.h"

namespace coffer {

/// A pad generator that works cycle by cycle, as RTL does, behind the TLM module's socket. Its clock runs within generate() only.
class PadHardware : public KeyedPads {
public:
    /// Clock cycles of the last request: from the one that offers its first IV to the one that takes its last pads.
    virtual std::uint64_t cycles() const = 0;
};

}  // namespace coffer
