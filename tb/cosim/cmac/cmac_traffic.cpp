#include "cosim/cmac/cmac_traffic.h"

#include "common/units.h"
#include "cosim/cmac/cmac_subkey.h"
#include "unit/kat_file.h"

namespace coffer::cosim {

namespace {

Transfer tag_of(const Bytes& key, std::uint64_t level, std::uint64_t index, const Bits& node) {
    Transfer transfer;
    transfer.channel = "in";
    transfer.fields = {Bits(1, 0), Bits::from_bytes(key), Bits::from_bytes(cmac_subkey(key)), Bits(64, level), Bits(64, index), node};
    return transfer;
}

/// Only the key counts.
Transfer subkey_of(const Bytes& key, Random& random) {
    Transfer transfer;
    transfer.channel = "in";
    transfer.fields = {Bits(1, 1),           Bits::from_bytes(key),    Bits::random(128, random), Bits::random(64, random),
                       Bits::random(64, random), Bits::random(512, random)};
    return transfer;
}

}  // namespace

Traffic cmac_traffic(Random& random, std::size_t transfers) {
    Traffic traffic;
    Bytes key;
    for (std::size_t i = 0; i < transfers; ++i) {
        const bool new_key = key.empty() || chance(random, 0.3);
        if (new_key) key = Bits::random(128, random).to_bytes();
        if (new_key && chance(random, 0.2)) {
            traffic.push_back(subkey_of(key, random));
            continue;
        }
        const std::uint64_t level = chance(random, 0.2) ? random() : random() % 4;
        const Bits node = chance(random, 0.2) ? Bits(512) : Bits::random(512, random);
        traffic.push_back(tag_of(key, level, random(), node));
    }
    return traffic;
}

Traffic cmac_vectors() {
    Random random{1};
    Traffic traffic;
    for (const kat::Record& record : kat::load("cmac_node.rsp")) {
        traffic.push_back(subkey_of(record.at("Key"), random));
        traffic.back().expected = {Bits::from_bytes(record.at("K1"))};
        const Bytes& message = record.at("Msg");
        traffic.push_back(tag_of(record.at("Key"), load_le64(message.data()), load_le64(message.data() + 8), Bits::from_bytes({message.data() + 16, line_bytes})));
        traffic.back().expected = {Bits::from_bytes(record.at("Mac"))};
    }
    return traffic;
}

}  // namespace coffer::cosim
