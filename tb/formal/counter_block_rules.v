// The counter block: its arithmetic (docs/formats.md, section 2) for every block, line and LPID, and its handshake.
`include "channel_rules.v"

module counter_block_rules (
    input wire clk, input wire rst_n, input wire in_valid, input wire [1:0] in_operation, input wire [511:0] in_block, input wire [5:0] in_line,
    input wire [63:0] in_fresh_lpid, input wire [63:0] in_lpid_floor, input wire [15:0] in_chip, input wire out_ready
);
    localparam NEXT = 1, OVERFLOW = 2, SHRED = 3;

    wire in_ready, out_valid, out_overflow, out_stale;
    wire [511:0] out_block;
    wire [63:0] out_lpid, out_reencrypt;
    wire [6:0] out_minor;
    counter_block block (.*);
    channel_rules #(.WIDTH(649)) out (
        .clk(clk), .rst_n(rst_n), .valid(out_valid), .ready(out_ready),
        .payload({out_block, out_lpid, out_minor, out_overflow, out_stale, out_reencrypt})
    );

    // In reset in the first cycle, and whenever after.
    reg first = 1;
    always @(posedge clk) first <= 0;
    always @(*) if (first) assume (!rst_n);

    // What was asked, and is not answered yet.
    reg asked = 0;
    reg [1:0] operation;
    reg [511:0] before;
    reg [5:0] line;
    reg [63:0] fresh_lpid, lpid_floor;
    reg [15:0] chip;
    wire takes = in_valid && in_ready;
    always @(posedge clk) begin
        if (!rst_n) asked <= 0;
        else if (takes) asked <= 1;
        else if (out_ready) asked <= 0;
        if (takes) begin
            operation <= in_operation;
            before <= in_block;
            line <= in_line;
            fresh_lpid <= in_fresh_lpid;
            lpid_floor <= in_lpid_floor;
            chip <= in_chip;
        end
    end

    // Whichever line: the solver chooses.
    wire [5:0] any_line = $anyconst;
    wire [447:0] minors_before = before[511:64] >> 7 * any_line;
    wire [447:0] minors_after = out_block[511:64] >> 7 * any_line;
    wire [447:0] minors_of_line = before[511:64] >> 7 * line;
    wire [6:0] minor_before = minors_before[6:0];
    wire [6:0] minor_after = minors_after[6:0];
    wire [6:0] minor_of_line = minors_of_line[6:0];
    wire [63:0] lpid_before = before[63:0];
    wire stale = lpid_before < lpid_floor || lpid_before[63:48] != chip;
    wire moves = operation == OVERFLOW || operation == SHRED;
    wire counts = operation == NEXT && minor_of_line != 127 && !stale;

    always @(*) begin
        if (!first) begin
            answers_what_was_asked: assert (out_valid == asked);
            takes_when_it_can: assert (in_ready == (!asked || out_ready));
        end
        if (!first && out_valid) begin
            // An LPID that the allocator gives out was never used before.
            if (fresh_lpid != lpid_before && out_lpid == lpid_before) begin
                never_decreases: assert (minor_after >= minor_before);
            end
            counts_the_line: assert (!counts || minor_after == minor_before + (any_line == line));
            starts_anew: assert (!moves || minor_after == (operation == OVERFLOW && (any_line == line || minor_before != 0)));
            else_keeps: assert (counts || moves || out_block == before);
            keeps_lpid: assert (out_block[63:0] == (moves ? fresh_lpid : lpid_before));
            gives_lpid: assert (out_lpid == out_block[63:0]);
            gives_minor: assert (any_line != line || out_minor == minor_after);
            overflows_at_127: assert (out_overflow == (operation == NEXT && minor_of_line == 127));
            says_stale: assert (out_stale == (operation == NEXT && stale));
            reencrypts: assert (out_reencrypt[any_line] ==
                                ((operation == OVERFLOW || out_overflow || out_stale) && any_line != line && minor_before != 0));
            an_overflow: cover (out_overflow && !out_stale && rst_n);
            a_count: cover (counts && out_minor == 127);
        end
    end
endmodule
