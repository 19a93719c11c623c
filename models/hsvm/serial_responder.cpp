#include "hsvm/serial_responder.h"

namespace coffer {

std::optional<Bytes> SerialResponder::receive(ByteView bytes) {
    const auto request = parse_serial_request(bytes);
    if (!request) {
        ++statistics_.bad_frames;
        return std::nullopt;
    }
    const auto ahead = static_cast<std::uint16_t>(request->sequence - last_);
    if (ahead == 0 && !last_answer_.empty()) {
        ++statistics_.repeated;
        return last_answer_;
    }
    // Numbers wrap: the half of them behind the last one is the past.
    if (ahead == 0 || ahead >= 0x8000) {
        ++statistics_.outdated;
        return std::nullopt;
    }
    last_ = request->sequence;
    ++statistics_.executed;
    SerialAnswer answer = executor_.execute(*request);
    answer.sequence = request->sequence;
    last_answer_ = encode(answer);
    return last_answer_;
}

}  // namespace coffer
