#include "cosim/sha256/sha256_traffic.h"

#include "unit/kat_file.h"

namespace coffer::cosim {

namespace {

constexpr std::size_t block_bytes = 64;

/// FIPS 180-4, section 5.1.1.
Bytes padded(const Bytes& message) {
    constexpr std::size_t length_bytes = 8;
    Bytes blocks = message;
    blocks.push_back(0x80);
    while (blocks.size() % block_bytes != block_bytes - length_bytes) blocks.push_back(0);
    blocks.resize(blocks.size() + length_bytes);
    store_be64(blocks.data() + blocks.size() - length_bytes, 8 * message.size());
    return blocks;
}

/// The last block has the message aside: what follows it is the message's digest.
void add_message(Traffic& traffic, const Bytes& message) {
    const Bytes blocks = padded(message);
    for (std::size_t offset = 0; offset < blocks.size(); offset += block_bytes) {
        Transfer transfer;
        transfer.channel = "in";
        transfer.fields = {Bits::from_bytes({blocks.data() + offset, block_bytes}), Bits(1, offset == 0 ? 1 : 0)};
        transfer.continues = offset != 0;
        transfer.last = offset + block_bytes == blocks.size();
        if (transfer.last) transfer.aside = message;
        traffic.push_back(transfer);
    }
}

Traffic vectors(bool repeated) {
    Traffic traffic;
    for (const char* file : {"sha256_fips180.rsp", "sha256_shavs.rsp"}) {
        for (const kat::Record& record : kat::load(file)) {
            if (record.has("Repeat") != repeated) continue;
            add_message(traffic, kat::message_of(record));
            traffic.back().expected = {Bits::from_bytes(record.at("MD"))};
        }
    }
    return traffic;
}

}  // namespace

Traffic sha256_traffic(Random& random, std::size_t messages) {
    Traffic traffic;
    for (std::size_t i = 0; i < messages; ++i) {
        Bytes message(random() % (4 * block_bytes - 8));
        for (std::uint8_t& byte : message) byte = static_cast<std::uint8_t>(random());
        add_message(traffic, message);
    }
    return traffic;
}

Traffic sha256_vectors() { return vectors(false); }

Traffic sha256_long_vectors() { return vectors(true); }

}  // namespace coffer::cosim
