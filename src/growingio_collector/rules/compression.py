"""Rules of the compression of bodies, found by the readers in ``decode``."""

from typing import Final

from growingio_collector.rules.bodies import NOT_UTF8
from growingio_collector.rules.issue import BAD, WARN, rule
from growingio_wire.said import Said

_SNAPPY: Final = {
    "no_length": Said("it does not start with its length", "开头不是块的长度"),
    "cannot_hold": Said(
        "it declares {declared:,} bytes, too many for its {size:,} bytes",
        "声明解压后有 {declared:,} 字节，但 {size:,} 字节的数据不可能这么多",
    ),
    "corrupt": Said("it is corrupt", "内容已损坏"),
}
_LZ_STRING: Final = {
    "no_entry": Said("entry {entry} does not exist", "字典中没有第 {entry} 项"),
    "no_end_mark": Said("it ends before its end mark", "在结束标记之前就结束了"),
    "not_in_alphabet": Said("{shown} is not in its alphabet", "{shown} 不在其字母表中"),
    "not_in_range": Said("{shown} is not in its range", "{shown} 不在其范围内"),
    "not_utf8": NOT_UTF8,
}
_LZ4: Final = {
    "ends_early": Said("it ends too early", "过早结束"),
    "ends_in_literal": Said(
        "it ends within {length:,} literal bytes", "在 {length:,} 个原文字节的中间就结束了"
    ),
    "refers_too_far_back": Said(
        "it refers {distance:,} bytes back, but there are only {exist:,}",
        "引用了前 {distance:,} 个字节，而此前只有 {exist:,} 个",
    ),
    "corrupt": Said("it is corrupt", "内容已损坏"),
}

UNKNOWN_CODEC: Final = rule(
    "unknown_codec",
    BAD,
    Said(
        "X-Compress-Codec is {codec}; 1 (LZ-String), 2 (snappy) and 3 (LZ4) are known.",
        "X-Compress-Codec 为 {codec}；只支持 1（LZ-String）、2（snappy）和 3（LZ4）。",
    ),
    Said(
        "Send the number of the compression, or omit the header if the body is not compressed.",
        "发送所用压缩方式的编号；未压缩时不要带此请求头。",
    ),
    headline=Said("An unknown X-Compress-Codec", "未知的 X-Compress-Codec"),
)
NOT_SNAPPY: Final = rule(
    "not_snappy",
    BAD,
    Said(
        "The body is not one raw snappy block: {detail}.",
        "请求体不是一个 snappy 原始块：{detail}。",
    ),
    Said(
        "Compress with snappy's block format (not the framed one) before encrypting.",
        "加密之前先用 snappy 的块格式（不是 framed 格式）压缩。",
    ),
    _SNAPPY,
    headline=Said("The body is not one raw snappy block", "请求体不是一个 snappy 原始块"),
)
TOO_LARGE_DECODED: Final = rule(
    "too_large_decoded",
    BAD,
    Said(
        "The body declares {size:,} bytes after decompression; at most {most:,} are accepted.",
        "请求体声明解压后有 {size:,} 字节；最多接受 {most:,} 字节。",
    ),
    Said("Send fewer events in one request.", "减少每个请求中的事件数。"),
    headline=Said("The body is too large after decompression", "请求体解压后过大"),
)
EXPANDS_TOO_FAR: Final = rule(
    "expands_too_far",
    BAD,
    Said(
        "The body is larger than {most:,} bytes after decompression.",
        "请求体解压后超过 {most:,} 字节。",
    ),
    Said("Send fewer events in one request.", "减少每个请求中的事件数。"),
    headline=Said("The body is too large after decompression", "请求体解压后过大"),
)
TOO_MANY_STEPS: Final = rule(
    "too_many_steps",
    BAD,
    Said(
        "The body needs more than {most:,} steps to be decompressed.",
        "请求体解压所需的步骤超过 {most:,} 步。",
    ),
    Said("Send fewer events in one request.", "减少每个请求中的事件数。"),
    headline=Said("The body takes too long to decompress", "请求体解压耗时过长"),
)
NOT_LZ_STRING: Final = rule(
    "not_lz_string",
    BAD,
    Said(
        "The body is not LZ-String in the declared packing: {detail}.",
        "请求体不是所声明格式的 LZ-String：{detail}。",
    ),
    Said(
        "compress=1 in the URL means bytes, compress=11 the URI alphabet, and "
        "X-Compress-Codec: 1 means UTF-16 characters.",
        "URL 中的 compress=1 表示字节格式，compress=11 表示 URI 字符格式，X-Compress-Codec: "
        "1 表示 UTF-16 字符格式。",
    ),
    _LZ_STRING,
    headline=Said(
        "The body is not LZ-String in the declared packing", "请求体不是所声明格式的 LZ-String"
    ),
)
NOT_LZ4: Final = rule(
    "not_lz4",
    BAD,
    Said("The body is not one raw LZ4 block: {detail}.", "请求体不是一个 LZ4 原始块：{detail}。"),
    Said(
        "Compress with LZ4's block format, without a frame and without the length before it.",
        "请用 LZ4 的块格式压缩，不带帧头，前面也不带长度。",
    ),
    _LZ4,
    headline=Said("The body is not one raw LZ4 block", "请求体不是一个 LZ4 原始块"),
)
FOREIGN_COMPRESSION: Final = rule(
    "foreign_compression",
    BAD,
    Said(
        "The body is compressed with {found}, which the collect protocol does not support.",
        "请求体用 {found} 压缩，采集协议不支持这种格式。",
    ),
    Said(
        "Send it uncompressed, or as one raw snappy block with X-Compress-Codec: 2.",
        "请不压缩发送，或压缩成一个 snappy 原始块并带上 X-Compress-Codec: 2。",
    ),
    headline=Said("A compression that the protocol does not support", "采集协议不支持的压缩格式"),
)
COMPRESSED_OTHERWISE: Final = rule(
    "compressed_otherwise",
    WARN,
    Said(
        "The body is compressed with {found}, but the request says otherwise ({declared}).",
        "请求体用 {found} 压缩，与请求的声明不符（{declared}）。",
    ),
    Said(
        "Declare the actual compression: X-Compress-Codec 1 is LZ-String, 2 snappy, 3 LZ4; "
        "compress in the URL is for LZ-String from web pages.",
        "请如实声明压缩方式：X-Compress-Codec 的 1 是 LZ-String，2 是 snappy，3 是 LZ4；URL "
        "中的 compress 用于网页的 LZ-String。",
    ),
    headline=Said("The compression is not the declared one", "压缩方式与声明不符"),
)
NOT_COMPRESSED: Final = rule(
    "not_compressed",
    WARN,
    Said(
        "The body is not compressed, but the request says that it is ({declared}).",
        "请求体没有压缩，但请求声明已压缩（{declared}）。",
    ),
    Said("Compress the body, or do not declare a compression.", "请压缩请求体，或不要声明压缩。"),
    headline=Said("The body is declared compressed but is not", "请求声明已压缩，实际没有"),
)
