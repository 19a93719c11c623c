#pragma once

#include <cstdint>

namespace coffer {

/// How a processor reaches the H-SVM controller.
enum class HsvmTransport : std::uint8_t {
    microcode,  ///< on the processor's chip: an access to a register takes a few cycles
    smm,        ///< system management mode: an operation takes a world switch there and back
    usart,      ///< a controller of its own behind a serial line: each access to a register is a frame and its answer
};

}  // namespace coffer
