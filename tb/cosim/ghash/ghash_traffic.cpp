#include "cosim/ghash/ghash_traffic.h"

#include <algorithm>

#include "common/units.h"
#include "crypto/aes.h"
#include "unit/kat_file.h"

namespace coffer::cosim {

namespace {

/// The hash subkey of K_data.
Transfer key(const Bytes& k_data) {
    Transfer transfer;
    transfer.channel = "key";
    transfer.fields = {Bits::from_bytes(crypto::aes_encrypt_block(k_data, Block16{}))};
    transfer.aside = k_data;
    return transfer;
}

/// The key that a session begins with: every line waits for it.
Transfer first_key(const Bytes& k_data) {
    Transfer transfer = key(k_data);
    transfer.in_order = true;
    return transfer;
}

/// A key that arrives when so many transfers of the lines before it are still to come: it takes effect with the next line that begins.
Transfer another_key(const Bytes& k_data, std::size_t ahead) {
    Transfer transfer = key(k_data);
    transfer.continues = true;
    transfer.ahead = ahead;
    return transfer;
}

Bytes random_bytes(Random& random, unsigned count) { return Bits::random(8 * count, random).to_bytes(); }

}  // namespace

void GhashTraffic::add_line(Traffic& traffic, ByteView additional_data, ByteView ciphertext, ByteView mask) const {
    const std::size_t transfer_bytes = multipliers * chunk_bytes;
    Bytes first(transfer_bytes - chunk_bytes);
    first.insert(first.end(), additional_data.begin(), additional_data.end());
    Transfer transfer;
    transfer.channel = "in";
    transfer.continues = true;
    transfer.fields = {Bits::from_bytes(first), Bits::from_bytes(mask)};
    traffic.push_back(transfer);
    for (std::size_t offset = 0; offset < line_bytes; offset += transfer_bytes) {
        transfer.fields[0] = Bits::from_bytes({ciphertext.data + offset, transfer_bytes});
        traffic.push_back(transfer);
    }
}

void GhashTraffic::add_random_line(Traffic& traffic, Random& random) const {
    add_line(traffic, random_bytes(random, chunk_bytes), random_bytes(random, line_bytes), random_bytes(random, chunk_bytes));
}

Traffic GhashTraffic::random(Random& random, std::size_t lines) const {
    Traffic traffic;
    for (std::size_t i = 0; i < lines; ++i) {
        if (i == 0 || chance(random, 0.15))
            traffic.push_back(first_key(random_bytes(random, chunk_bytes)));
        else if (chance(random, 0.1))
            traffic.push_back(another_key(random_bytes(random, chunk_bytes), random() % 4));
        add_random_line(traffic, random);
    }
    return traffic;
}

Traffic GhashTraffic::under_one_key(Random& random, std::size_t lines) const {
    Traffic traffic{first_key(random_bytes(random, chunk_bytes))};
    for (std::size_t i = 0; i < lines; ++i) add_random_line(traffic, random);
    return traffic;
}

Traffic GhashTraffic::vectors() const {
    Traffic traffic;
    for (const kat::Record& record : kat::load("line_openssl.rsp")) {
        const Bytes& k_data = record.at("Key");
        traffic.push_back(first_key(k_data));
        Block16 counter{};
        std::copy(record.at("IV").begin(), record.at("IV").end(), counter.begin());
        counter.back() = 1;
        add_line(traffic, record.at("AAD"), record.at("CT"), crypto::aes_encrypt_block(k_data, counter));
        traffic.back().expected = {Bits::from_bytes(record.at("Tag"))};
    }
    return traffic;
}

}  // namespace coffer::cosim
