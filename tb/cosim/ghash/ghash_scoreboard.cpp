#include "cosim/ghash/ghash_scoreboard.h"

#include <algorithm>

#include "common/units.h"

namespace coffer::cosim {

std::optional<std::vector<Bits>> GhashScoreboard::predict(const Transfer& accepted) {
    if (accepted.channel == "key") {
        crypto::Key128 k_data;
        std::copy(accepted.aside.begin(), accepted.aside.end(), k_data.data());
        ghash_.emplace(k_data);
        return std::nullopt;
    }
    const Bytes data = accepted.fields[0].to_bytes();
    line_.insert(line_.end(), data.begin(), data.end());
    if (line_.size() < line_bytes_) return std::nullopt;

    Block16 additional_data;
    std::copy_n(line_.begin() + static_cast<std::ptrdiff_t>(additional_data_), chunk_bytes, additional_data.begin());
    Block16 tag = ghash_->hash(additional_data, line_.data() + additional_data_ + chunk_bytes);
    const Bytes mask = accepted.fields[1].to_bytes();
    for (std::size_t i = 0; i < tag.size(); ++i) tag[i] = static_cast<std::uint8_t>(tag[i] ^ mask[i]);
    line_.clear();
    return std::vector<Bits>{Bits::from_bytes(tag)};
}

}  // namespace coffer::cosim
