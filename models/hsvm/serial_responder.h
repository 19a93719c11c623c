#pragma once

#include <cstdint>
#include <optional>

#include "common/bytes.h"
#include "hsvm/serial_frame.h"

namespace coffer {

/// Whoever carries out what the frames ask for.
class SerialExecutor {
public:
    virtual ~SerialExecutor() = default;
    /// The answer's sequence number is not the executor's matter.
    virtual SerialAnswer execute(const SerialRequest& request) = 0;
};

/// The controller's end of the serial line. A request is carried out once, however often it arrives: one with the sequence number of the last is
/// answered as that was, an older one (behind it by up to 2^15) not at all.
class SerialResponder {
public:
    struct Statistics {
        std::uint64_t executed = 0;
        std::uint64_t repeated = 0;    ///< answered again
        std::uint64_t outdated = 0;    ///< requests that came too late
        std::uint64_t bad_frames = 0;
    };

    /// `executor` outlives the object.
    explicit SerialResponder(SerialExecutor& executor) : executor_(executor) {}

    /// What to send back; nothing for bytes that are no request, or an outdated one.
    std::optional<Bytes> receive(ByteView bytes);

    const Statistics& statistics() const { return statistics_; }

private:
    SerialExecutor& executor_;
    std::uint16_t last_ = 0;  // sequence number that was carried out; requests count from 1
    Bytes last_answer_;       // empty before the first
    Statistics statistics_;
};

}  // namespace coffer
