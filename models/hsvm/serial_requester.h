#pragma once

#include <cstdint>
#include <optional>

#include "hsvm/serial_frame.h"
#include "hsvm/serial_line.h"
#include "hsvm/serial_responder.h"

namespace coffer {

/// The processor's end of the serial line: sends a request until an answer to it comes, a few times. After 32,767 requests in a row without any
/// answer the line is down for good: sequence numbers, which the controller's end may have seen or not, must not begin anew.
class SerialRequester {
public:
    struct Statistics {
        std::uint64_t requests = 0;
        std::uint64_t frames = 0;      ///< sent in either direction
        std::uint64_t bytes = 0;       ///< sent in either direction
        std::uint64_t retries = 0;
        std::uint64_t given_up = 0;    ///< requests without an answer
        std::uint64_t bad_frames = 0;  ///< that came, and were no answer to the request
    };

    /// All attempts of a request together, for whoever knows how long they take.
    struct Effort {
        std::uint64_t frames = 0;
        std::uint64_t bytes = 0;
        unsigned timeouts = 0;
    };

    static constexpr std::uint16_t most_unanswered = 0x7fff;

    /// `retries`: how often a request is sent again. The references outlive the object.
    SerialRequester(SerialLine& line, SerialResponder& responder, unsigned retries) : line_(line), responder_(responder), retries_(retries) {}

    /// Gives the request its sequence number, and the answer. Nothing where none came: the request is then carried out before the next one that is
    /// answered, once, or never.
    std::optional<SerialAnswer> exchange(SerialRequest request, Effort& effort);

    const Statistics& statistics() const { return statistics_; }

private:
    std::optional<SerialAnswer> attempt(const SerialRequest& request, const Bytes& frame, Effort& effort);
    bool answers(const SerialAnswer& answer, const SerialRequest& request) const;

    SerialLine& line_;
    SerialResponder& responder_;
    const unsigned retries_;
    std::uint16_t sequence_ = 0;
    std::uint16_t unanswered_ = 0;  // requests since the last answer
    Statistics statistics_;
};

}  // namespace coffer
