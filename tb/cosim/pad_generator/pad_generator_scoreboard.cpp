#include "cosim/pad_generator/pad_generator_scoreboard.h"

#include <algorithm>

#include <fmt/format.h>

#include "aise/pad_generator.h"

namespace coffer::cosim {

std::optional<std::vector<Bits>> PadGeneratorScoreboard::predict(const Transfer& accepted) {
    crypto::Key128 key;
    const Bytes key_bytes = accepted.fields[0].to_bytes();
    std::copy(key_bytes.begin(), key_bytes.end(), key.data());
    crypto::Iv iv;
    const Bytes iv_bytes = accepted.fields[1].to_bytes();
    std::copy(iv_bytes.begin(), iv_bytes.end(), iv.begin());

    PadGenerator reference;
    reference.install(Slot{0}, key);
    std::array<std::uint8_t, pad_bytes> pads;
    reference.generate(Slot{0}, &iv, 1, pads.data());

    std::vector<Bits> answer;
    for (std::size_t offset = 0; offset < pad_bytes; offset += chunk_bytes) answer.push_back(Bits::from_bytes({pads.data() + offset, chunk_bytes}));
    return answer;
}

std::string PadGeneratorScoreboard::check(const SignalBundle& bundle, const std::vector<Bits>* next_answer) {
    const std::uint64_t there = bundle.port("out_pads_there").get(Level::rtl).to_u64();
    if (there > 0 && next_answer == nullptr) return "pads are there though no line is on its way";
    for (std::uint64_t i = 0; i < there; ++i) {
        const std::string name = fmt::format("out_pad{}", i);
        if (bundle.port(name).get(Level::rtl) != next_answer->at(i)) return fmt::format("wrong result on {}, which is there before its line", name);
    }
    return {};
}

}  // namespace coffer::cosim
