#include "cosim/cmac/cmac_scoreboard.h"

#include <algorithm>

#include "bmt/node_mac.h"
#include "cosim/cmac/cmac_subkey.h"
#include "crypto/mac.h"

namespace coffer::cosim {

namespace {

bool derives(const Transfer& transfer) { return transfer.fields[0].bit(0); }

/// NodeMac's rules for any level that the port can name: the class takes 8 bits of it.
Bytes tag_of(ByteView key, std::uint64_t level, std::uint64_t index, ByteView node) {
    constexpr std::size_t tag_bytes = 16;
    if (level > 0 && all_zero(node)) return Bytes(tag_bytes);
    Block16 place;
    store_le64(place.data(), level);
    store_le64(place.data() + 8, index);
    const NodeTag tag = avoid_reserved(crypto::Mac(MacAlgorithm::cmac, key).compute({place, node}));
    return Bytes(tag.begin(), tag.begin() + tag_bytes);
}

}  // namespace

std::optional<std::vector<Bits>> CmacScoreboard::predict(const Transfer& accepted) {
    const Bytes key = accepted.fields[1].to_bytes();
    if (derives(accepted)) return std::vector<Bits>{Bits::from_bytes(cmac_subkey(key))};
    const Bytes node = accepted.fields[5].to_bytes();
    return std::vector<Bits>{Bits::from_bytes(tag_of(key, accepted.fields[3].to_u64(), accepted.fields[4].to_u64(), node))};
}

unsigned CmacScoreboard::stream(const Transfer& accepted) const { return derives(accepted) ? 1 : 0; }

}  // namespace coffer::cosim
