#include "aise/pad_generator.h"

namespace coffer {

void PadGenerator::install(Slot slot, const crypto::Key128& k_data) {
    if (slot >= ciphers_.size()) ciphers_.resize(slot + std::size_t{1});
    ciphers_[slot].emplace(k_data);
}

void PadGenerator::revoke(Slot slot) {
    if (slot < ciphers_.size()) ciphers_[slot].reset();
}

void PadGenerator::generate(Slot slot, const crypto::Iv* ivs, std::size_t lines, std::uint8_t* pads) {
    ciphers_[slot]->generate(ivs, lines, pads);
}

}  // namespace coffer
