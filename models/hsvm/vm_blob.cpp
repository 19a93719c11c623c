#include "hsvm/vm_blob.h"

#include <algorithm>

#include "crypto/aes_gcm.h"

namespace coffer {

namespace {

constexpr std::array<std::uint8_t, 8> magic{'C', 'V', 'B', '1'};
constexpr std::size_t key_at = 8;
constexpr std::size_t vector_at = key_at + VmBlob::key_bytes;

constexpr std::size_t node_bytes = 8 + line_bytes;

// A page in the sealed state.
constexpr std::size_t state_at = 8, iv_at = 12, tag_at = 24, page_record_bytes = 40;
constexpr std::uint8_t swapped_code = 1, lost_code = 2;

constexpr std::size_t gcm_tag_bytes = 16;

std::array<std::uint8_t, 36> additional_data_of(const crypto::Digest& vector_hash) {
    std::array<std::uint8_t, 36> data{'C', 'V', 'S', '1'};
    std::copy(vector_hash.begin(), vector_hash.end(), data.begin() + 4);
    return data;
}

std::optional<PlainVmState::Page> decode_page(const std::uint8_t* bytes) {
    PlainVmState::Page page;
    page.gpn = load_le64(bytes);
    page.lost = bytes[state_at] == lost_code;
    if ((!page.lost && bytes[state_at] != swapped_code) || !all_zero({bytes + state_at + 1, iv_at - state_at - 1})) return std::nullopt;
    if (page.lost && !all_zero({bytes + iv_at, page_record_bytes - iv_at})) return std::nullopt;
    std::copy_n(bytes + iv_at, page.record.iv.size(), page.record.iv.begin());
    std::copy_n(bytes + tag_at, page.record.tag.size(), page.record.tag.begin());
    return page;
}

}  // namespace

Bytes VmBlob::encode() const {
    Bytes bytes(fixed_bytes + body.size());
    std::copy(magic.begin(), magic.end(), bytes.begin());
    std::copy(vm_key.begin(), vm_key.end(), bytes.begin() + key_at);
    std::copy(vector.begin(), vector.end(), bytes.begin() + vector_at);
    std::copy(body.begin(), body.end(), bytes.begin() + fixed_bytes);
    return bytes;
}

std::optional<VmBlob> VmBlob::decode(ByteView bytes) {
    if (bytes.size < fixed_bytes || !std::equal(magic.begin(), magic.end(), bytes.begin())) return std::nullopt;
    VmBlob blob;
    std::copy_n(bytes.data + key_at, blob.vm_key.size(), blob.vm_key.begin());
    std::copy_n(bytes.data + vector_at, blob.vector.size(), blob.vector.begin());
    blob.body.assign(bytes.data + fixed_bytes, bytes.end());
    return blob;
}

Bytes encode_nodes(const std::vector<TreeNode>& nodes) {
    Bytes bytes(nodes.size() * node_bytes);
    std::uint8_t* p = bytes.data();
    for (const TreeNode& node : nodes) {
        store_le64(p, node.number);
        std::copy(node.block.begin(), node.block.end(), p + 8);
        p += node_bytes;
    }
    return bytes;
}

std::uint64_t most_node_bytes(const TreeGeometry& geometry) { return geometry.nodes() * node_bytes; }

std::optional<std::vector<TreeNode>> decode_nodes(ByteView bytes, const TreeGeometry& geometry) {
    if (bytes.size % node_bytes != 0) return std::nullopt;
    std::vector<TreeNode> nodes(bytes.size / node_bytes);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        nodes[i].number = load_le64(bytes.data + i * node_bytes);
        std::copy_n(bytes.data + i * node_bytes + 8, line_bytes, nodes[i].block.begin());
        if (nodes[i].number >= geometry.nodes() || (i != 0 && nodes[i].number <= nodes[i - 1].number)) return std::nullopt;
    }
    return nodes;
}

Bytes PlainVmState::encode() const {
    Bytes bytes(contexts.size() * context_bytes + pages.size() * page_record_bytes);
    std::uint8_t* p = bytes.data();
    for (const ContextBytes& context : contexts) p = std::copy(context.begin(), context.end(), p);
    for (const Page& page : pages) {
        store_le64(p, page.gpn);
        p[state_at] = page.lost ? lost_code : swapped_code;
        std::copy(page.record.iv.begin(), page.record.iv.end(), p + iv_at);
        std::copy(page.record.tag.begin(), page.record.tag.end(), p + tag_at);
        p += page_record_bytes;
    }
    return bytes;
}

std::optional<PlainVmState> PlainVmState::decode(ByteView bytes, std::uint64_t vcpus, std::uint64_t pages) {
    if (bytes.size / context_bytes < vcpus || (bytes.size - vcpus * context_bytes) % page_record_bytes != 0) return std::nullopt;
    PlainVmState state;
    state.contexts.resize(vcpus);
    const std::uint8_t* p = bytes.data;
    for (ContextBytes& context : state.contexts) {
        std::copy_n(p, context_bytes, context.begin());
        p += context_bytes;
    }
    for (; p != bytes.end(); p += page_record_bytes) {
        const std::optional<Page> page = decode_page(p);
        if (!page || page->gpn >= pages || (!state.pages.empty() && page->gpn <= state.pages.back().gpn)) return std::nullopt;
        state.pages.push_back(*page);
    }
    return state;
}

void wipe_contexts(PlainVmState& state) {
    for (ContextBytes& context : state.contexts) crypto::wipe(context.data(), context.size());
}

Bytes seal_state(const PlainVmState& state, const crypto::Key256& seal_key, const crypto::Digest& vector_hash, Lpid fresh_lpid) {
    crypto::Iv iv{};
    store_le64(iv.data(), fresh_lpid);
    Bytes plaintext = state.encode();
    const Bytes box = crypto::gcm_seal(seal_key.view(), iv, additional_data_of(vector_hash), plaintext);
    crypto::wipe(plaintext.data(), plaintext.size());
    Bytes bytes(iv.size() + box.size());
    std::copy(iv.begin(), iv.end(), bytes.begin());
    std::copy(box.begin(), box.end(), bytes.begin() + iv.size());
    return bytes;
}

std::uint64_t most_state_bytes(std::uint64_t vcpus, std::uint64_t pages) {
    return sizeof(crypto::Iv) + vcpus * context_bytes + pages * page_record_bytes + gcm_tag_bytes;
}

std::optional<PlainVmState> open_state(ByteView bytes, const crypto::Key256& seal_key, const crypto::Digest& vector_hash, const VmVector& vector) {
    crypto::Iv iv;
    if (bytes.size < iv.size() + gcm_tag_bytes) return std::nullopt;
    std::copy_n(bytes.data, iv.size(), iv.begin());
    Bytes plaintext;
    if (!crypto::gcm_open(seal_key.view(), iv, additional_data_of(vector_hash), {bytes.data + iv.size(), bytes.size - iv.size()}, plaintext))
        return std::nullopt;
    std::optional<PlainVmState> state = PlainVmState::decode(plaintext, vector.vcpus, vector.pages);
    crypto::wipe(plaintext.data(), plaintext.size());
    return state;
}

}  // namespace coffer
