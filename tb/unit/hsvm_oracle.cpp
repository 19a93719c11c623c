#include "unit/hsvm_oracle.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

namespace coffer {

namespace {

constexpr std::uint64_t vm_pages = 1100;
constexpr Gpn shim_page = 20;
constexpr std::size_t most_vms = 6;
constexpr std::uint64_t magic = 0x5ec2e7a11a7e5ec2;
constexpr std::uint64_t shared_magic = 0x0bedbedbedbedbed;

}  // namespace

HsvmOracle::HsvmOracle(const HsvmMachineSettings& settings, std::uint64_t seed)
    : settings_(settings),
      forges_(!settings.encrypt || settings.integrity == Integrity::bmt),
      machine_(settings),
      generator_(seed) {}

std::string HsvmOracle::history() const {
    std::string text;
    for (std::size_t i = history_.size() < 40 ? 0 : history_.size() - 40; i < history_.size(); ++i) text += history_[i] + '\n';
    return text;
}

Vmid HsvmOracle::some_vmid() {
    if (vms_.empty() || chance(3)) return static_cast<Vmid>(random(20));
    return std::next(vms_.begin(), static_cast<std::ptrdiff_t>(random(vms_.size())))->first;
}

/// Most often a page for which the operation makes sense. Else few pages, so that operations meet; now and then one within the pages of a 2 MiB
/// mapping, or none at all.
Gpn HsvmOracle::some_gpn(Vmid vmid, std::initializer_list<Kind> suitable) {
    if (const auto vm = vms_.find(vmid); vm != vms_.end() && chance(70)) {
        std::vector<Gpn> pages;
        for (const auto& [gpn, page] : vm->second.pages)
            if (std::find(suitable.begin(), suitable.end(), page.kind) != suitable.end()) pages.push_back(gpn);
        // Those of a 2 MiB mapping come last, and would be nearly all.
        if (!pages.empty()) return pages[random(chance(90) ? std::min<std::size_t>(pages.size(), 24) : pages.size())];
    }
    const std::uint64_t kind = random(20);
    if (kind == 0) return 512 + random(512);
    if (kind == 1) return vm_pages - 1 + random(3);
    return random(24);
}

std::uint64_t HsvmOracle::some_frame() {
    const std::uint64_t kind = random(30);
    if (kind == 0) return settings_.data_frames - 2 + random(settings_.chip_frames + 40);  // chip, metadata
    if (kind == 1) return generator_();
    if (kind == 2) return 512 + random(512);
    return random(64);
}

std::uint64_t HsvmOracle::some_free_frame() {
    std::uint64_t frame = some_frame();
    for (unsigned i = 0; i < 8 && owners_.count(frame) != 0 && !chance(15); ++i) frame = random(64);
    return frame;
}

HsvmOracle::Page* HsvmOracle::find(Vmid vmid, Gpn gpn) {
    const auto vm = vms_.find(vmid);
    if (vm == vms_.end()) return nullptr;
    const auto page = vm->second.pages.find(gpn);
    return page == vm->second.pages.end() ? nullptr : &page->second;
}

bool HsvmOracle::alive(Vmid vmid) const {
    const auto vm = vms_.find(vmid);
    return vm != vms_.end() && !vm->second.stopped;
}

bool HsvmOracle::lends(const Vm& vm) const {
    return std::any_of(vm.pages.begin(), vm.pages.end(), [](const auto& page) { return page.second.kind == Kind::shared && page.second.lent; });
}

bool HsvmOracle::is_on_core(Vmid vmid) const {
    return std::any_of(cores_.begin(), cores_.end(), [vmid](const auto& core) { return core.second.first == vmid; });
}

/// There had to be a violation: where that stops the VM, nothing of it goes on, whatever caches and TLBs hold, and its cores are the host's.
void HsvmOracle::violated(Vmid vmid) {
    ++counts_.violations;
    if (!freezes()) return;
    ++counts_.stopped;
    Vm& vm = vms_.at(vmid);
    vm.stopped = true;
    for (auto& [gpn, page] : vm.pages)
        if (page.kind == Kind::mapped || page.kind == Kind::shared || page.kind == Kind::borrowed) read_line(vmid, gpn, &page, 0);
    Bytes image;
    if (machine_.hsvm.swap_out(HsvmCaller::host, vmid, 0, image) != HsvmStatus::vm_frozen) fail("a stopped VM goes on");
    for (auto core = cores_.begin(); core != cores_.end();) {
        const bool its = core->second.first == vmid;
        counts_.taken_off += its;
        core = its ? cores_.erase(core) : std::next(core);
    }
    check_cores();
}

/// Now and then a stopped VM ends.
void HsvmOracle::end_stopped() {
    for (const auto& [vmid, vm] : vms_) {
        if (!vm.stopped || !chance(5)) continue;
        note(fmt::format("delete {}, which was stopped", vmid));
        expect(HsvmOperation::delete_vm, machine_.hsvm.delete_vm(HsvmCaller::host, vmid), true);
        take_back_lent(vmid);
        return drop(vmid);
    }
}

/// Whoever borrows the VM's pages awaits them again.
void HsvmOracle::take_back_lent(Vmid vmid) {
    for (auto& [gpn, page] : vms_.at(vmid).pages) {
        if (page.kind != Kind::shared || !page.lent) continue;
        for (auto& [borrowed_gpn, borrowed] : vms_.at(page.peer).pages)
            if (borrowed.kind == Kind::borrowed && borrowed.frame == page.frame) {
                borrowed = {Kind::awaiting, 0, vmid, true, false, {}, {}, false};
                touched_pages_.emplace_back(page.peer, borrowed_gpn);
            }
        page.lent = false;
    }
}

/// The VM has ended.
void HsvmOracle::drop(Vmid vmid) {
    ++counts_.vms_ended;
    for (const auto& [gpn, page] : vms_.at(vmid).pages) {
        if (page.kind == Kind::mapped || page.kind == Kind::shared) free_frame(page.frame);
        if (page.kind == Kind::borrowed) find(page.peer, owners_.at(page.frame).gpn)->lent = false;
    }
    vms_.erase(vmid);
}

void HsvmOracle::check_cores() const {
    for (unsigned core = 0; core < settings_.cores; ++core) {
        const auto running = cores_.find(core);
        const Vmid expected = running != cores_.end() ? running->second.first : host_vmid;
        const Vmid found = machine_.cores[core].value_or(host_vmid);
        if (found != expected) fail(fmt::format("core {} runs VM {}, and should run {}", core, found, expected));
    }
}

void HsvmOracle::expect(HsvmOperation operation, HsvmStatus status, bool possible) {
    history_.back() += fmt::format(" -> {}", to_string(status));
    ++(status == HsvmStatus::ok ? counts_.done[operation] : counts_.refused);
    if ((status == HsvmStatus::ok) != possible) fail(fmt::format("{}: should have been {}", history_.back(), possible ? "done" : "refused"));
}

Block64 HsvmOracle::line_of(const Vm& vm) {
    Block64 line{};
    store_le64(line.data(), magic);
    store_le64(line.data() + 8, vm.secret);
    store_le64(line.data() + 16, next_value_++);
    return line;
}

bool HsvmOracle::secret(const Block64& line) { return load_le64(line.data()) == magic; }

void HsvmOracle::free_frame(std::uint64_t frame) {
    owners_.erase(frame);
    plain_.erase(frame);
    touched_frames_.push_back(frame);
}

void HsvmOracle::create() {
    if (vms_.size() >= most_vms) return;
    const bool good = !chance(10);
    note("create");
    Vmid vmid = 0;
    const VmArguments arguments{good ? vm_pages : 0, 3, settings_.encrypt ? shim_page * page_bytes : 0};
    expect(HsvmOperation::create, machine_.hsvm.create(HsvmCaller::host, arguments, vmid), good);
    if (!good) return;
    if (vmid < first_guest_vmid || !vms_.emplace(vmid, Vm{next_secret_++, {}, false, {}, {}, false}).second)
        fail(fmt::format("VMID {} was given out twice", vmid));
    for (std::uint32_t vcpu = 0; vcpu < 3; ++vcpu) contexts_[{vmid, vcpu}] = {};
    for (Gpn gpn = 0; gpn < 24; ++gpn) touched_pages_.emplace_back(vmid, gpn);
}

void HsvmOracle::delete_vm() {
    const Vmid vmid = some_vmid();
    const auto vm = vms_.find(vmid);
    const bool possible = vm != vms_.end() && !is_on_core(vmid) && (vm->second.stopped || !lends(vm->second));
    note(fmt::format("delete {}", vmid));
    expect(HsvmOperation::delete_vm, machine_.hsvm.delete_vm(HsvmCaller::host, vmid), possible);
    if (!possible) return;
    take_back_lent(vmid);
    drop(vmid);
}

void HsvmOracle::launch() {
    Vmid vmid = some_vmid();
    for (const auto& [id, vm] : vms_)
        if (!vm.used && chance(70)) vmid = id;
    if (settings_.encrypt && chance(80)) map_page(vmid, shim_page + 1, some_free_frame());
    const Gpn gpn = some_gpn(vmid, {Kind::mapped});
    const auto vm = vms_.find(vmid);
    // Most often a line, else up to two pages and some bytes.
    const std::size_t size = chance(70) ? random(line_bytes) : random(2 * page_bytes + 100);
    Bytes image;
    while (image.size() < size) {
        const Block64 line = vm != vms_.end() ? line_of(vm->second) : Block64{};
        image.insert(image.end(), line.begin(), line.end());
    }
    image.resize(size);
    VcpuContext context;
    context[Register::rip] = next_value_++;
    const auto mapped = [&](Gpn g) {
        const Page* page = find(vmid, g);
        return page != nullptr && page->kind == Kind::mapped;
    };
    bool possible = alive(vmid) && !vm->second.used && size != 0 && (!settings_.encrypt || mapped(shim_page + 1));
    for (std::uint64_t i = 0; possible && i < divide_up(size, page_bytes); ++i) possible = mapped(gpn + i);
    note(fmt::format("launch {} page {} {} bytes", vmid, gpn, size));
    expect(HsvmOperation::launch, machine_.hsvm.launch(HsvmCaller::host, vmid, gpn, image, context), possible);
    touched_pages_.emplace_back(vmid, gpn);
    if (!possible) return;
    vm->second.used = true;
    const ContextBytes registers = encode_context(context);
    Bytes fields(40);
    const std::uint64_t measured[] = {vm_pages, 3, settings_.encrypt ? shim_page * page_bytes : 0, gpn, size};
    for (std::size_t i = 0; i < 5; ++i) store_le64(fields.data() + 8 * i, measured[i]);
    vm->second.measurement = crypto::sha256({std::string_view("CLM1"), fields, image, registers});

    image.resize(align_up(size, line_bytes));
    for (std::size_t at = 0; at < image.size(); at += line_bytes)
        std::copy_n(&image[at], line_bytes, find(vmid, gpn + at / page_bytes)->lines[static_cast<unsigned>(at % page_bytes / line_bytes)].begin());
    contexts_[{vmid, 0}] = context;
    if (!settings_.encrypt) return;
    Lines& lines = find(vmid, shim_page + 1)->lines;
    lines[0] = {'C', 'V', 'C', '1', 1};
    for (unsigned i = 0; i < context_bytes / line_bytes; ++i) std::copy_n(registers.begin() + i * line_bytes, line_bytes, lines[1 + i].begin());
}

void HsvmOracle::attest() {
    const Vmid vmid = some_vmid();
    const auto vm = vms_.find(vmid);
    Nonce nonce{};
    ReportData data{};
    store_le64(nonce.data(), generator_());
    store_le64(data.data(), generator_());
    Bytes report;
    note(fmt::format("attest {}", vmid));
    expect(HsvmOperation::attest, machine_.hsvm.attest(HsvmCaller::guest, vmid, nonce, data, report), alive(vmid));
    if (!alive(vmid)) return;
    AttestationReport opened;
    if (open_report(report, attest_key_, opened) != ReportStatus::ok) fail("a report is not the chip's");
    if (opened.measurement != vm->second.measurement || opened.nonce != nonce || opened.data != data) fail("a report says something else about the VM");
    if (!vm->second.identity) vm->second.identity = opened.identity;
    for (const auto& [other, o] : vms_)
        if (o.identity && (*o.identity == opened.identity) != (other == vmid)) fail("a report is about another VM");
}

void HsvmOracle::map() {
    const Vmid vmid = some_vmid();
    Gpn gpn = some_gpn(vmid, {});
    std::uint64_t frame = some_free_frame();
    // Now and then what two guests have agreed upon.
    if (chance(15)) {
        gpn = some_gpn(vmid, {Kind::awaiting});
        if (const Page* page = find(vmid, gpn); page != nullptr && page->kind == Kind::awaiting)
            for (const auto& [f, o] : owners_)
                if (o.vmid == page->peer && find(o.vmid, o.gpn)->kind == Kind::shared && find(o.vmid, o.gpn)->peer == vmid) frame = f;
    }
    map_page(vmid, gpn, frame);
}

void HsvmOracle::map_page(Vmid vmid, Gpn gpn, std::uint64_t frame) {
    const Page* page = find(vmid, gpn);
    const auto owner = owners_.find(frame);
    Page* offered = owner == owners_.end() ? nullptr : find(owner->second.vmid, owner->second.gpn);
    const bool exists = alive(vmid) && gpn < vm_pages;
    const bool fresh = exists && page == nullptr && frame < settings_.data_frames && owner == owners_.end();
    const bool offers = offered != nullptr && offered->kind == Kind::shared && offered->peer == vmid && !offered->lent;
    const bool borrow = exists && offers && page != nullptr && page->kind == Kind::awaiting && page->peer == owner->second.vmid;
    note(fmt::format("map {} page {} frame {}", vmid, gpn, frame));
    expect(HsvmOperation::page_map, machine_.hsvm.page_map(HsvmCaller::host, vmid, gpn, frame), fresh || borrow);
    touched_pages_.emplace_back(vmid, gpn);
    touched_frames_.push_back(frame);
    if (fresh) {
        vms_[vmid].pages[gpn] = {Kind::mapped, frame, 0, true, false, {}, {}, false};
        owners_[frame] = {vmid, gpn};
    } else if (borrow) {
        vms_[vmid].pages[gpn] = {Kind::borrowed, frame, owner->second.vmid, offered->writable, false, {}, {}, false};
        offered->lent = true;
        ++counts_.borrowed;
    }
}

void HsvmOracle::map_large() {
    const Vmid vmid = some_vmid();
    const Gpn gpn = 512 * (1 + random(2));
    const std::uint64_t frame = 512 * random(5) + chance(5);
    bool possible = alive(vmid) && gpn + 512 <= vm_pages && frame % 512 == 0 && frame + 512 <= settings_.data_frames;
    for (std::uint64_t i = 0; possible && i < 512; ++i) possible = find(vmid, gpn + i) == nullptr && owners_.count(frame + i) == 0;
    note(fmt::format("map {} 2 MiB page {} frame {}", vmid, gpn, frame));
    expect(HsvmOperation::page_map, machine_.hsvm.page_map(HsvmCaller::host, vmid, gpn, frame, true), possible);
    if (!possible) return;
    ++counts_.large;
    for (std::uint64_t i = 0; i < 512; ++i) {
        vms_[vmid].pages[gpn + i] = {Kind::mapped, frame + i, 0, true, false, {}, {}, false};
        owners_[frame + i] = {vmid, gpn + i};
    }
    for (const std::uint64_t i : {std::uint64_t{0}, random(512), std::uint64_t{511}}) {
        touched_pages_.emplace_back(vmid, gpn + i);
        touched_frames_.push_back(frame + i);
    }
}

void HsvmOracle::unmap() {
    const Vmid vmid = some_vmid();
    const bool large = chance(5);
    const Gpn gpn = large ? 512 : some_gpn(vmid, {Kind::mapped, Kind::swapped, Kind::shared, Kind::borrowed});
    bool possible = alive(vmid);
    for (Gpn g = gpn; g < gpn + (large ? 512 : 1); ++g) {
        const Page* page = find(vmid, g);
        const Kind kind = page != nullptr ? page->kind : Kind::lost;
        const bool one = kind == Kind::swapped || kind == Kind::borrowed || (kind == Kind::shared && !page->lent);
        possible = possible && (kind == Kind::mapped || (!large && one));
    }
    note(fmt::format("unmap {} page {}{}", vmid, gpn, large ? " 2 MiB" : ""));
    expect(HsvmOperation::page_unmap, machine_.hsvm.page_unmap(HsvmCaller::host, vmid, gpn, large), possible);
    touched_pages_.emplace_back(vmid, gpn);
    for (Gpn g = gpn; possible && g < gpn + (large ? 512 : 1); ++g) {
        Page& page = *find(vmid, g);
        if (page.kind == Kind::borrowed) {
            find(page.peer, owners_.at(page.frame).gpn)->lent = false;
            page = {Kind::awaiting, 0, page.peer, true, false, {}, {}, false};
            continue;
        }
        if (page.kind != Kind::swapped) free_frame(page.frame);
        page = {Kind::lost, 0, 0, true, false, {}, {}, false};
    }
}

void HsvmOracle::move() {
    const Vmid vmid = some_vmid();
    const Gpn gpn = some_gpn(vmid, {Kind::mapped});
    const std::uint64_t frame = some_free_frame();
    Page* page = find(vmid, gpn);
    const bool possible = alive(vmid) && page != nullptr && page->kind == Kind::mapped && frame < settings_.data_frames && owners_.count(frame) == 0;
    note(fmt::format("move {} page {} frame {}", vmid, gpn, frame));
    expect(HsvmOperation::page_move, machine_.hsvm.page_move(HsvmCaller::host, vmid, gpn, frame), possible);
    touched_pages_.emplace_back(vmid, gpn);
    touched_frames_.push_back(frame);
    if (!possible) return;
    free_frame(page->frame);
    page->frame = frame;
    owners_[frame] = {vmid, gpn};
}

void HsvmOracle::swap_out() {
    const Vmid vmid = some_vmid();
    swap_out_page(vmid, some_gpn(vmid, {Kind::mapped}));
}

void HsvmOracle::swap_out_page(Vmid vmid, Gpn gpn) {
    Page* page = find(vmid, gpn);
    const bool possible = alive(vmid) && page != nullptr && page->kind == Kind::mapped;
    note(fmt::format("swap out {} page {}", vmid, gpn));
    Bytes image;
    expect(HsvmOperation::swap_out, machine_.hsvm.swap_out(HsvmCaller::host, vmid, gpn, image), possible);
    touched_pages_.emplace_back(vmid, gpn);
    if (!possible) return;
    for (std::size_t i = 0; i + line_bytes <= image.size(); i += line_bytes) {
        Block64 line;
        std::copy_n(image.begin() + static_cast<std::ptrdiff_t>(i), line.size(), line.begin());
        if (secret(line)) fail("a swap image shows plaintext");
    }
    free_frame(page->frame);
    page->kind = Kind::swapped;
    page->frame = 0;
    page->image = image;
    if (old_images_.size() < 32)
        old_images_.push_back(image);
    else
        old_images_[random(old_images_.size())] = image;
}

void HsvmOracle::swap_in() {
    const Vmid vmid = some_vmid();
    const Gpn gpn = some_gpn(vmid, {Kind::swapped});
    Page* page = find(vmid, gpn);
    const std::uint64_t frame = some_free_frame();
    const bool swapped = alive(vmid) && page != nullptr && page->kind == Kind::swapped;
    Bytes image = swapped ? page->image : Bytes(page_bytes);
    if (forges_ && chance(20)) image[random(image.size())] ^= static_cast<std::uint8_t>(1u << random(8));
    if (forges_ && chance(20) && !old_images_.empty()) image = old_images_[random(old_images_.size())];
    if (chance(3)) image.resize(random(2 * page_bytes));
    const bool room = swapped && frame < settings_.data_frames && owners_.count(frame) == 0;
    const HsvmStatus status = [&] {
        note(fmt::format("swap in {} page {} frame {}", vmid, gpn, frame));
        return machine_.hsvm.swap_in(HsvmCaller::host, vmid, gpn, frame, image);
    }();
    bool authentic = swapped && image == page->image;
    // Lines never written since the page was cleared have no tag to match, and their bytes mean nothing.
    if (room && !authentic && settings_.encrypt && status == HsvmStatus::ok && image.size() == page->image.size()) {
        authentic = std::equal(image.end() - line_bytes, image.end(), page->image.end() - line_bytes);
        for (const auto& [line, data] : page->lines)
            authentic = authentic && std::equal(&image[line * line_bytes], &image[line * line_bytes] + line_bytes, &page->image[line * line_bytes]);
    }
    expect(HsvmOperation::swap_in, status, room && authentic);
    touched_pages_.emplace_back(vmid, gpn);
    touched_frames_.push_back(frame);
    counts_.forged_refused += room && !authentic;
    if (!room || !authentic) return;
    page->kind = Kind::mapped;
    page->frame = frame;
    page->image.clear();
    page->leaf_only = false;
    owners_[frame] = {vmid, gpn};
}

void HsvmOracle::release() {
    const Vmid vmid = some_vmid();
    const bool large = chance(5);
    const Gpn gpn = large ? 512 : some_gpn(vmid, {Kind::mapped, Kind::lost, Kind::lost, Kind::swapped});
    bool possible = alive(vmid);
    for (Gpn g = gpn; g < gpn + (large ? 512 : 1); ++g) {
        const Page* page = find(vmid, g);
        const Kind kind = page != nullptr ? page->kind : Kind::awaiting;
        possible = possible && (kind == Kind::mapped || (!large && (kind == Kind::swapped || kind == Kind::lost)));
    }
    note(fmt::format("release {} page {}{}", vmid, gpn, large ? " 2 MiB" : ""));
    expect(HsvmOperation::release, machine_.hsvm.release(chance(50) ? HsvmCaller::guest : HsvmCaller::shim, vmid, gpn, large), possible);
    touched_pages_.emplace_back(vmid, gpn);
    for (Gpn g = gpn; possible && g < gpn + (large ? 512 : 1); ++g) {
        const Page& page = *find(vmid, g);
        if (page.kind == Kind::mapped) free_frame(page.frame);
        vms_[vmid].pages.erase(g);
    }
}

void HsvmOracle::share() {
    const Vmid vmid = some_vmid();
    const Gpn gpn = some_gpn(vmid, {Kind::mapped});
    const Vmid sharer = chance(40) ? host_vmid : some_vmid();
    const bool writable = chance(50);
    Page* page = find(vmid, gpn);
    const bool other = sharer != vmid && vms_.count(sharer) != 0;
    const bool shares = alive(vmid) && page != nullptr && page->kind == Kind::mapped && (other || sharer == host_vmid);
    const bool awaits = alive(vmid) && gpn < vm_pages && page == nullptr && other;
    note(fmt::format("share {} page {} with {}{}", vmid, gpn, sharer, writable ? "" : " read-only"));
    expect(HsvmOperation::share, machine_.hsvm.share(HsvmCaller::guest, vmid, gpn, sharer, writable), shares || awaits);
    touched_pages_.emplace_back(vmid, gpn);
    if (shares) {
        *page = {Kind::shared, page->frame, sharer, writable, false, {}, {}, false};
        plain_[page->frame] = {};
        touched_frames_.push_back(page->frame);
    } else if (awaits) {
        vms_[vmid].pages[gpn] = {Kind::awaiting, 0, sharer, true, false, {}, {}, false};
    }
}

void HsvmOracle::unshare() {
    const Vmid vmid = some_vmid();
    unshare_page(vmid, some_gpn(vmid, {Kind::shared, Kind::awaiting, Kind::borrowed}));
}

void HsvmOracle::unshare_page(Vmid vmid, Gpn gpn) {
    Page* page = find(vmid, gpn);
    const Kind kind = page != nullptr ? page->kind : Kind::lost;
    const bool possible = alive(vmid) && ((kind == Kind::shared && !page->lent) || kind == Kind::awaiting || kind == Kind::borrowed);
    note(fmt::format("unshare {} page {}", vmid, gpn));
    expect(HsvmOperation::unshare, machine_.hsvm.unshare(HsvmCaller::guest, vmid, gpn), possible);
    touched_pages_.emplace_back(vmid, gpn);
    if (!possible) return;
    if (page->kind == Kind::shared) {
        plain_.erase(page->frame);
        touched_frames_.push_back(page->frame);
        *page = {Kind::mapped, page->frame, 0, true, false, {}, {}, false};
        return;
    }
    if (page->kind == Kind::borrowed) find(page->peer, owners_.at(page->frame).gpn)->lent = false;
    vms_[vmid].pages.erase(gpn);
}

void HsvmOracle::guest_write() {
    const Vmid vmid = some_vmid();
    const Gpn gpn = some_gpn(vmid, {Kind::mapped, Kind::shared, Kind::borrowed});
    const unsigned line = static_cast<unsigned>(random(4)) * 21;
    Page* page = find(vmid, gpn);
    const bool refused = vms_.count(vmid) != 0 && !alive(vmid);
    const bool own = page != nullptr && (page->kind == Kind::mapped || page->kind == Kind::shared);
    const bool possible = !refused && (own || (page != nullptr && page->kind == Kind::borrowed && page->writable));
    const bool lost = !refused && page != nullptr && page->kind == Kind::lost;
    if (lost && freezes() && !chance(20)) return;  // else no VM lives long
    Block64 data = vms_.count(vmid) != 0 ? line_of(vms_[vmid]) : Block64{};
    if (page != nullptr && page->kind != Kind::mapped) store_le64(data.data(), shared_magic);
    note(fmt::format("{} writes page {} line {}", vmid, gpn, line));
    const HsvmMachine::Access access = machine_.guest_write(vmid, gpn * page_bytes + line * line_bytes, data);
    if (access != (possible ? HsvmMachine::Access::done : lost || refused ? HsvmMachine::Access::violated : HsvmMachine::Access::fault))
        fail(history_.back());
    if (lost) violated(vmid);
    touched_pages_.emplace_back(vmid, gpn);
    if (!possible) return;
    (page->kind == Kind::mapped ? page->lines : plain_.at(page->frame))[line] = data;
}

void HsvmOracle::guest_read() {
    const Vmid vmid = some_vmid();
    const Gpn gpn = some_gpn(vmid, {Kind::mapped, Kind::shared, Kind::borrowed});
    Page* const page = find(vmid, gpn);
    if (page != nullptr && page->kind == Kind::lost && freezes() && !chance(20)) return;  // else no VM lives long
    note(fmt::format("{} reads page {}", vmid, gpn));
    read_line(vmid, gpn, page, static_cast<unsigned>(random(4)) * 21);
}

void HsvmOracle::read_line(Vmid vmid, Gpn gpn, Page* page, unsigned line) {
    ++counts_.lines_read;
    Block64 data{};
    const bool refused = vms_.count(vmid) != 0 && !alive(vmid);
    const bool possible = !refused && page != nullptr && page->kind != Kind::awaiting && page->kind != Kind::swapped && page->kind != Kind::lost;
    const bool lost = !refused && page != nullptr && page->kind == Kind::lost;
    const HsvmMachine::Access access = machine_.guest_read(vmid, gpn * page_bytes + line * line_bytes, data);
    if (access != (possible ? HsvmMachine::Access::done : lost || refused ? HsvmMachine::Access::violated : HsvmMachine::Access::fault))
        fail(fmt::format("VM {} page {}: access {}", vmid, gpn, static_cast<int>(access)));
    if (lost) violated(vmid);
    if (!possible) return;
    const Lines& lines = page->kind == Kind::mapped ? page->lines : plain_.at(page->frame);
    const auto written = lines.find(line);
    const Block64 expected = written == lines.end() ? Block64{} : written->second;
    if (data != expected) fail(fmt::format("VM {} page {} line {} holds {}, its VM wrote {}", vmid, gpn, line, to_hex(data), to_hex(expected)));
}

void HsvmOracle::host_access() {
    const std::uint64_t frame = some_frame() % (settings_.data_frames + 200);
    const unsigned line = static_cast<unsigned>(random(4)) * 21;
    const bool write = chance(50);
    const auto owner = owners_.find(frame);
    const Page* page = owner == owners_.end() ? nullptr : find(owner->second.vmid, owner->second.gpn);
    const bool for_host = page != nullptr && page->kind == Kind::shared && page->peer == host_vmid && (!write || page->writable);
    const bool possible = frame < settings_.data_frames && (page == nullptr || for_host);
    const Address hpa = frame * page_bytes + line * line_bytes;
    note(fmt::format("host {} frame {} line {}", write ? "writes" : "reads", frame, line));
    Block64 data{};
    store_le64(data.data(), shared_magic);
    store_le64(data.data() + 8, next_value_++);
    const HsvmMachine::Access access = write ? machine_.host_write(hpa, data) : machine_.host_read(hpa, data);
    if (access != (possible ? HsvmMachine::Access::done : HsvmMachine::Access::fault)) fail(history_.back());
    if (!possible) return;
    if (write) {
        machine_.cache.evict_page(host_vmid, frame, LastLevelCache::Leaving::write_back);
        if (page != nullptr) plain_.at(frame)[line] = data;
        return;
    }
    if (secret(data)) fail(fmt::format("{}: plaintext of a VM", history_.back()));
    if (page == nullptr) return;
    const auto written = plain_.at(frame).find(line);
    if (data != (written == plain_.at(frame).end() ? Block64{} : written->second)) fail(history_.back());
}

void HsvmOracle::switch_context() {
    std::pair<Vmid, std::uint32_t> who{some_vmid(), static_cast<std::uint32_t>(random(4))};
    auto core = static_cast<unsigned>(random(settings_.cores + 1));
    const bool saves = chance(50);
    // A vCPU that runs, and where; or one that might.
    if (saves && chance(70) && !cores_.empty()) std::tie(core, who) = *std::next(cores_.begin(), static_cast<std::ptrdiff_t>(random(cores_.size())));
    if (!saves && chance(70))
        for (const auto& [vmid, vm] : vms_)
            for (std::uint32_t vcpu = 0; vcpu < 3; ++vcpu)
                if (const Page* page = find(vmid, shim_page + 1 + vcpu); page != nullptr && page->kind == Kind::mapped && chance(30))
                    who = {vmid, vcpu};
    const auto [vmid, vcpu] = who;
    const bool exists = alive(vmid) && vcpu < 3 && core < settings_.cores;
    Page* page = find(vmid, shim_page + 1 + vcpu);
    const bool present = !settings_.encrypt || (page != nullptr && page->kind == Kind::mapped);
    bool on_core = false;
    for (const auto& [number, on] : cores_) on_core = on_core || on == who;
    const auto running = cores_.find(core);
    if (saves) {
        const bool possible = exists && present && running != cores_.end() && running->second == who;
        VcpuContext context;
        context[Register::rip] = next_value_++;
        note(fmt::format("save {} vCPU {} core {}", vmid, vcpu, core));
        expect(HsvmOperation::context_save, machine_.hsvm.context_save(HsvmCaller::host, vmid, vcpu, core, context), possible);
        if (!possible) return;
        cores_.erase(core);
        machine_.cores[core].reset();
        contexts_[who] = context;
        if (!settings_.encrypt) return;
        // The context is in a page of the VM, behind its first line, and goes where its pages go.
        const ContextBytes bytes = encode_context(context);
        for (unsigned i = 0; i < context_bytes / line_bytes; ++i) std::copy_n(bytes.begin() + i * line_bytes, line_bytes, page->lines[1 + i].begin());
        return;
    }
    const bool possible = exists && present && running == cores_.end() && !on_core;
    VcpuContext context;
    note(fmt::format("restore {} vCPU {} core {}", vmid, vcpu, core));
    expect(HsvmOperation::context_restore, machine_.hsvm.context_restore(HsvmCaller::host, vmid, vcpu, core, context), possible);
    if (!possible) return;
    cores_[core] = who;
    machine_.cores[core] = vmid;
    vms_[vmid].used = true;
    VcpuContext expected = contexts_[who];
    if (settings_.encrypt) {
        ContextBytes bytes{};
        for (unsigned i = 0; i < context_bytes / line_bytes; ++i)
            if (page->lines.count(1 + i) != 0) std::copy_n(page->lines[1 + i].begin(), line_bytes, bytes.begin() + i * line_bytes);
        expected = decode_context(bytes);
    }
    if (context != expected) fail("a vCPU got other registers than were saved");
}

/// On the bus: a written line changes, and its VM notices. Where that does not stop it, it ends.
void HsvmOracle::tamper() {
    const Vmid vmid = some_vmid();
    const Gpn gpn = some_gpn(vmid, {Kind::mapped});
    const Page* page = find(vmid, gpn);
    if (!alive(vmid) || page == nullptr || page->kind != Kind::mapped || page->lines.empty()) return;
    if (!freezes() && (is_on_core(vmid) || lends(vms_.at(vmid)))) return;
    const unsigned line = page->lines.begin()->first;
    note(fmt::format("tamper {} page {}", vmid, gpn));
    machine_.cache.evict_page(vmid, gpn, LastLevelCache::Leaving::write_back);
    machine_.store.flip(page->frame * page_bytes + line * line_bytes + random(64), static_cast<std::uint8_t>(1u << random(8)));
    Block64 data;
    if (machine_.guest_read(vmid, gpn * page_bytes + line * line_bytes, data) != HsvmMachine::Access::violated) fail("tampering went unnoticed");
    violated(vmid);
    if (freezes()) return;
    if (machine_.hsvm.delete_vm(HsvmCaller::host, vmid) != HsvmStatus::ok) fail("a VM cannot end");
    drop(vmid);
}

/// Guest and hypervisor do what it takes before a VM can leave, where nobody has its pages.
bool HsvmOracle::clear_for_travel(Vmid vmid) {
    if (!alive(vmid) || is_on_core(vmid) || lends(vms_.at(vmid))) return false;
    const std::map<Gpn, Page> pages = vms_.at(vmid).pages;
    for (const auto& [gpn, page] : pages) {
        if (page.kind == Kind::shared || page.kind == Kind::awaiting || page.kind == Kind::borrowed) unshare_page(vmid, gpn);
        if (page.kind == Kind::mapped || page.kind == Kind::shared) swap_out_page(vmid, gpn);
    }
    return true;
}

HsvmMachineSettings HsvmOracle::far_settings() const {
    HsvmMachineSettings settings = settings_;
    settings.chip = 2;
    settings.fault = HsvmFault::none;
    return settings;
}

/// Export, whether it can be done or not; nothing where the VM stays.
std::optional<Bytes> HsvmOracle::leave(Vmid vmid) {
    const auto vm = vms_.find(vmid);
    bool possible = alive(vmid) && !is_on_core(vmid);
    if (vm != vms_.end())
        for (const auto& [gpn, page] : vm->second.pages) possible = possible && (page.kind == Kind::swapped || page.kind == Kind::lost);
    Nonce nonce{};
    if (far_->hsvm.challenge(HsvmCaller::host, nonce) != HsvmStatus::ok) fail("the other chip makes no nonce");
    Bytes blob;
    note(fmt::format("export {}", vmid));
    const SignedCertificate& certificate = test_chip(2).certificate(KeyUsage::unwrap);
    const HsvmStatus status = machine_.hsvm.export_vm(HsvmCaller::host, vmid, certificate, nonce, blob);
    expect(HsvmOperation::export_vm, status, possible);
    if (!possible) {
        far_.emplace(far_settings());  // with it the nonces that nobody uses
        return std::nullopt;
    }
    return blob;
}

/// The VM on the other chip: nothing but the blob as it is lets it in, and only once.
Vmid HsvmOracle::visit(Vm& vm, const Bytes& blob) {
    Vmid there = 0;
    Bytes forged = blob;
    const std::uint64_t at = random(settings_.encrypt ? VmBlob::fixed_bytes : blob.size());
    constexpr std::uint64_t hint = VmBlob::fixed_bytes - vm_vector_bytes + 8;
    forged[at < hint || at >= hint + 8 ? at : 0] ^= static_cast<std::uint8_t>(1u << random(8));
    if (far_->hsvm.import_vm(HsvmCaller::host, forged, there) == HsvmStatus::ok) fail("a forged blob is accepted");
    if (machine_.hsvm.import_vm(HsvmCaller::host, blob, there) == HsvmStatus::ok) fail("a blob is accepted by the chip that it comes from");
    if (far_->hsvm.import_vm(HsvmCaller::host, blob, there) != HsvmStatus::ok) fail("a blob is refused");
    Vmid twice = 0;
    if (far_->hsvm.import_vm(HsvmCaller::host, blob, twice) == HsvmStatus::ok) fail("a blob is accepted twice");
    look_around(there, vm);
    return there;
}

/// One page comes in on the other chip, is read, and goes out again.
void HsvmOracle::look_around(Vmid there, Vm& vm) {
    for (auto& [gpn, page] : vm.pages) {
        if (page.kind != Kind::swapped || !chance(30)) continue;
        const std::uint64_t frame = random(settings_.data_frames);
        if (forges_ && !old_images_.empty()) {
            const Bytes& old = old_images_[random(old_images_.size())];
            if (old != page.image && !page.lines.empty() && far_->hsvm.swap_in(HsvmCaller::host, there, gpn, frame, old) == HsvmStatus::ok)
                fail("another image is accepted on another chip");
        }
        if (far_->hsvm.swap_in(HsvmCaller::host, there, gpn, frame, page.image) != HsvmStatus::ok) fail("an image is refused on another chip");
        for (const auto& [line, written] : page.lines) {
            Block64 data{};
            if (far_->guest_read(there, gpn * page_bytes + line * line_bytes, data) != HsvmMachine::Access::done || data != written)
                fail(fmt::format("page {} line {} holds {} on another chip, its VM wrote {}", gpn, line, to_hex(data), to_hex(written)));
        }
        if (far_->hsvm.swap_out(HsvmCaller::host, there, gpn, page.image) != HsvmStatus::ok) fail("a page cannot leave the other chip");
        return;
    }
}

/// There and back: under another VMID, but with all that it had.
void HsvmOracle::migrate() {
    if (!forges_) return;
    if (!far_) far_.emplace(far_settings());
    const Vmid vmid = some_vmid();
    if (vms_.count(vmid) != 0 && chance(90) && !clear_for_travel(vmid)) return;
    const std::optional<Bytes> blob = leave(vmid);
    if (!blob) return;
    Vm vm = vms_.at(vmid);
    vms_.erase(vmid);
    const Vmid there = visit(vm, *blob);
    Nonce nonce{};
    note("challenge");
    expect(HsvmOperation::challenge, machine_.hsvm.challenge(HsvmCaller::host, nonce), true);
    Bytes back;
    const SignedCertificate& certificate = test_chip(1).certificate(KeyUsage::unwrap);
    if (far_->hsvm.export_vm(HsvmCaller::host, there, certificate, nonce, back) != HsvmStatus::ok) fail("a VM cannot leave the other chip");
    Vmid again = 0;
    note(fmt::format("import {}", vmid));
    expect(HsvmOperation::import_vm, machine_.hsvm.import_vm(HsvmCaller::host, back, again), true);
    Vmid twice = 0;
    if (far_->hsvm.import_vm(HsvmCaller::host, *blob, twice) == HsvmStatus::ok) fail("an old blob is accepted");
    vm.used = true;
    for (auto& [gpn, page] : vm.pages) page.leaf_only = settings_.encrypt;
    std::array<VcpuContext, 3> contexts;
    for (std::uint32_t vcpu = 0; vcpu < 3; ++vcpu) contexts[vcpu] = contexts_[{vmid, vcpu}];
    for (std::uint32_t vcpu = 0; vcpu < 3; ++vcpu) contexts_[{again, vcpu}] = contexts[vcpu];
    if (!vms_.emplace(again, vm).second) fail(fmt::format("VMID {} was given out twice", again));
    for (const auto& [gpn, page] : vm.pages) touched_pages_.emplace_back(again, gpn);
    ++counts_.migrated;
}

void HsvmOracle::step() {
    ++counts_.steps;
    touched_pages_.clear();
    touched_frames_.clear();
    if (history_.size() > 1000) history_.erase(history_.begin(), history_.end() - 50);
    end_stopped();
    const std::uint64_t kind = random(1000);
    if (vms_.size() < 3 || kind < 10) create();
    else if (kind < 14) delete_vm();
    else if (kind < 200) map();
    else if (kind < 207) map_large();
    else if (kind < 290) unmap();
    else if (kind < 350) move();
    else if (kind < 400) swap_out();
    else if (kind < 450) swap_in();
    else if (kind < 520) release();
    else if (kind < 570) share();
    else if (kind < 610) unshare();
    else if (kind < 740) guest_write();
    else if (kind < 850) guest_read();
    else if (kind < 950) host_access();
    else if (kind < 983) switch_context();
    else if (kind < 986) migrate();
    else if (kind < 996) launch();
    else if (kind < 998) attest();
    else if (settings_.encrypt && forges_) tamper();

    for (const auto& [vmid, gpn] : touched_pages_) {
        check_page(vmid, gpn);
        Page* page = find(vmid, gpn);
        if (vms_.count(vmid) == 0 || gpn >= vm_pages || (page != nullptr && page->kind == Kind::lost)) continue;
        read_line(vmid, gpn, page, static_cast<unsigned>(random(4)) * 21);
        if (page != nullptr && page->kind == Kind::mapped && !page->lines.empty()) read_line(vmid, gpn, page, page->lines.begin()->first);
    }
    check_cores();
    for (const std::uint64_t frame : touched_frames_) {
        check_frame(frame);
        check_host_view(frame);
    }
}

void HsvmOracle::check_page(Vmid vmid, Gpn gpn) {
    if (vms_.count(vmid) == 0 || gpn >= vm_pages) return;
    const std::uint64_t bits = machine_.npt_bits(vmid, gpn);
    const Page* page = find(vmid, gpn);
    std::uint64_t expected = 0, mask = ~std::uint64_t{0};
    if (page != nullptr) switch (page->kind) {
            case Kind::mapped: expected = page->frame << 12 | 3; break;
            case Kind::shared: expected = page->frame << 12 | 3 | std::uint64_t{1} << 52; break;
            case Kind::borrowed: expected = page->frame << 12 | (page->writable ? 3u : 1u) | std::uint64_t{1} << 52; break;
            case Kind::awaiting: expected = std::uint64_t{page->peer} << 12 | std::uint64_t{1} << 52; break;
            case Kind::swapped: expected = std::uint64_t{1} << 53, mask = ~(((std::uint64_t{1} << 40) - 1) << 12); break;
            case Kind::lost: expected = std::uint64_t{1} << 54; break;
        }
    if (page != nullptr && page->leaf_only) expected = 0, mask = ~std::uint64_t{0};
    if ((bits & mask) != expected) fail(fmt::format("VM {} page {}: the page table has {:#x}, and should have {:#x}", vmid, gpn, bits, expected));
}

void HsvmOracle::check_frame(std::uint64_t frame) {
    if (frame >= settings_.data_frames) return;
    const auto owner = owners_.find(frame);
    Bytes expected(16);
    if (owner != owners_.end()) {
        const Page& page = *find(owner->second.vmid, owner->second.gpn);
        store_le16(expected.data(), owner->second.vmid);
        expected[2] = page.kind != Kind::shared ? 1 : page.writable ? 3 : 2;
        expected[3] = page.lent ? 1 : 0;
        if (page.kind == Kind::shared) store_le16(expected.data() + 4, page.peer);
        store_le64(expected.data() + 8, owner->second.gpn);
    }
    const std::string entry = to_hex(machine_.hsvm.ownership(frame).encode());
    if (entry != to_hex(expected)) fail(fmt::format("frame {}: the ownership table has {}, and should have {}", frame, entry, to_hex(expected)));
}

/// What the host sees of a frame: nothing of a VM's, whether now or from an earlier owner.
void HsvmOracle::check_host_view(std::uint64_t frame) {
    if (owners_.count(frame) != 0 || frame >= settings_.data_frames) return;
    for (unsigned line = 0; line < lines_per_page; line += 21) {
        Block64 data;
        if (machine_.host_read(frame * page_bytes + line * line_bytes, data) != HsvmMachine::Access::done)
            fail(fmt::format("the host cannot read its frame {}", frame));
        if (secret(data)) fail(fmt::format("free frame {} shows plaintext of a VM", frame));
    }
}

void HsvmOracle::check_everything() {
    std::map<std::uint64_t, Owner> mapped;
    for (auto& [vmid, vm] : vms_) {
        for (Gpn gpn = 0; gpn < vm_pages; ++gpn) {
            check_page(vmid, gpn);
            const std::uint64_t bits = machine_.npt_bits(vmid, gpn);
            const std::uint64_t frame = bits >> 12 & ((std::uint64_t{1} << 40) - 1);
            if ((bits & 1) == 0) continue;
            if (frame >= settings_.data_frames) fail(fmt::format("VM {} page {} is mapped to protected frame {}", vmid, gpn, frame));
            if ((bits >> 52 & 1) == 0 && !mapped.emplace(frame, Owner{vmid, gpn}).second) fail(fmt::format("frame {} has two owners", frame));
        }
        for (auto& [gpn, page] : vm.pages)
            if (page.kind != Kind::lost)
                for (unsigned line = 0; line < lines_per_page; line += 21) read_line(vmid, gpn, &page, line);
    }
    for (std::uint64_t frame = 0; frame < settings_.data_frames; ++frame) {
        check_frame(frame);
        const OwnershipEntry entry = machine_.hsvm.ownership(frame);
        const auto owner = mapped.find(frame);
        if ((entry.state == OwnershipState::owned) != (owner != mapped.end()) ||
            (owner != mapped.end() && (entry.owner != owner->second.vmid || entry.gpn != owner->second.gpn)))
            fail(fmt::format("page tables and ownership table differ about frame {}", frame));
    }
    for (std::uint64_t frame = 0; frame < 64; ++frame) check_host_view(frame);
}

}  // namespace coffer
