// Blobs of VMs that migrate, over any bytes: what is accepted is what would be made again, to the byte.
//
// The first byte of an input chooses what the rest is:
//   b  a blob
//   n  nodes of a tree over 100 pages
//   s  the state of a plain VM with 2 vCPUs and 100 pages
//   o  the same, sealed

#include "fuzz_target.h"
#include "hsvm/vm_blob.h"

namespace coffer::fuzz {
namespace {

constexpr std::uint64_t pages = 100, vcpus = 2;

void open_blob(ByteView bytes) {
    const std::optional<VmBlob> blob = VmBlob::decode(bytes);
    if (blob) require(same(bytes, blob->encode()), "a byte of a blob is ignored");
}

void open_nodes(ByteView bytes) {
    const TreeGeometry geometry(pages, 16);
    const auto nodes = decode_nodes(bytes, geometry);
    if (!nodes) return;
    require(same(bytes, encode_nodes(*nodes)), "a byte of the nodes is ignored");
    require(nodes->empty() || nodes->back().number < geometry.nodes(), "a node lies outside the tree");
}

void open_plain_state(ByteView bytes) {
    const auto state = PlainVmState::decode(bytes, vcpus, pages);
    if (!state) return;
    require(same(bytes, state->encode()), "a byte of the state is ignored");
    require(state->contexts.size() == vcpus, "a vCPU is missing");
    require(state->pages.empty() || state->pages.back().gpn < pages, "a page lies outside the VM");
    VmVector vector;
    vector.vcpus = vcpus;
    vector.pages = pages;
    const crypto::Key256 key;
    const crypto::Digest hash{1, 2, 3};
    Bytes sealed = seal_state(*state, key, hash, 5);
    const auto opened = open_state(sealed, key, hash, vector);
    require(opened && opened->encode() == state->encode(), "a sealed state is another one");
    sealed[bytes.size % sealed.size()] ^= 1;
    require(!open_state(sealed, key, hash, vector), "a changed state is accepted");
}

void open_sealed_state(ByteView bytes) {
    VmVector vector;
    vector.vcpus = vcpus;
    vector.pages = pages;
    require(!open_state(bytes, crypto::Key256(), crypto::Digest{}, vector), "a forged state is accepted");
}

}  // namespace
}  // namespace coffer::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace coffer::fuzz;
    read_chosen({data, size}, {{'b', open_blob}, {'n', open_nodes}, {'s', open_plain_state}, {'o', open_sealed_state}});
    return 0;
}
