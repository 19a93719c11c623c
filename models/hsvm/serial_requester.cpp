#include "hsvm/serial_requester.h"

namespace coffer {

bool SerialRequester::answers(const SerialAnswer& answer, const SerialRequest& request) const {
    const std::size_t data = !request.write && answer.status == SerialStatus::ok ? request.count : 0;
    return answer.sequence == request.sequence && answer.data.size() == data;
}

std::optional<SerialAnswer> SerialRequester::attempt(const SerialRequest& request, const Bytes& frame, Effort& effort) {
    const auto count = [&](const Bytes& sent) {
        ++effort.frames;
        effort.bytes += sent.size();
    };
    std::optional<SerialAnswer> answered;
    count(frame);
    for (const Bytes& arrived : line_.carry(SerialDirection::to_controller, frame)) {
        const auto reply = responder_.receive(arrived);
        if (!reply) continue;
        count(*reply);
        for (const Bytes& returned : line_.carry(SerialDirection::to_processor, *reply)) {
            auto answer = parse_serial_answer(returned);
            if (!answer || !answers(*answer, request))
                ++statistics_.bad_frames;
            else if (!answered)
                answered = std::move(answer);
        }
    }
    return answered;
}

std::optional<SerialAnswer> SerialRequester::exchange(SerialRequest request, Effort& effort) {
    std::optional<SerialAnswer> answer;
    effort = {};
    if (unanswered_ != most_unanswered) {
        request.sequence = ++sequence_;
        const Bytes frame = encode(request);
        for (unsigned tries = 0; !answer && tries <= retries_; ++tries) {
            statistics_.retries += tries != 0;
            answer = attempt(request, frame, effort);
            effort.timeouts += !answer;
        }
        unanswered_ = answer ? 0 : static_cast<std::uint16_t>(unanswered_ + 1);
    }
    ++statistics_.requests;
    statistics_.given_up += !answer;
    statistics_.frames += effort.frames;
    statistics_.bytes += effort.bytes;
    return answer;
}

}  // namespace coffer
