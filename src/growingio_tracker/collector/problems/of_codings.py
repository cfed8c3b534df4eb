"""What is wrong with the encryption or compression of a body."""

from collections.abc import Mapping
from typing import Final

from growingio_tracker.collector.problems.text import BAD, WARN, Text

OF_CODINGS: Final[Mapping[str, Text]] = {
    "unknown_crypt": Text(
        BAD,
        "X-Crypt-Codec is {crypt}; only 1 (XOR) is known.",
        "X-Crypt-Codec 为 {crypt}；只支持 1（XOR）。",
        "Send X-Crypt-Codec: 1 for an encrypted body, and no such header for any other.",
        "加密的请求体用 X-Crypt-Codec: 1，未加密的不要带此请求头。",
    ),
    "xor_without_key": Text(
        BAD,
        "X-Crypt-Codec is 1, but the URL has no stm, whose low byte is the key.",
        "X-Crypt-Codec 为 1，但 URL 中没有 stm；密钥是 stm 的最低字节。",
        "Add ?stm= with the send time in milliseconds, and encrypt with its lowest byte.",
        "在 URL 中加上 ?stm=（发送时间，毫秒），并用其最低字节加密。",
    ),
    "xor_key_not_a_number": Text(
        BAD,
        "X-Crypt-Codec is 1, but {source} is not a number of milliseconds.",
        "X-Crypt-Codec 为 1，但 {source} 不是毫秒数。",
        "Send the time in Unix milliseconds, in digits only.",
        "请以 Unix 毫秒时间戳发送，只含数字。",
    ),
    "unknown_codec": Text(
        BAD,
        "X-Compress-Codec is {codec}; 1 (LZ-String), 2 (snappy) and 3 (LZ4) are known.",
        "X-Compress-Codec 为 {codec}；只支持 1（LZ-String）、2（snappy）和 3（LZ4）。",
        "Send the number of the compression that was used, or no such header for none.",
        "发送所用压缩方式的编号；未压缩时不要带此请求头。",
    ),
    "not_snappy": Text(
        BAD,
        "The body is not one raw snappy block: {detail}.",
        "请求体不是一个 snappy 原始块：{detail}。",
        "Compress with snappy's block format (not the framed one) before encrypting.",
        "加密之前先用 snappy 的块格式（不是 framed 格式）压缩。",
    ),
    "too_large_decoded": Text(
        BAD,
        "The body declares {size:,} bytes after decompression; at most {most:,} are taken.",
        "请求体声明解压后有 {size:,} 字节；最多接受 {most:,} 字节。",
        "Send fewer events in one request.",
        "减少每个请求中的事件数。",
    ),
    "expands_too_far": Text(
        BAD,
        "The body becomes larger than {most:,} bytes when it is decompressed.",
        "请求体解压后超过 {most:,} 字节。",
        "Send fewer events in one request.",
        "减少每个请求中的事件数。",
    ),
    "too_many_steps": Text(
        BAD,
        "The body needs more than {most:,} steps to be decompressed.",
        "请求体解压所需的步骤超过 {most:,} 步。",
        "Send fewer events in one request.",
        "减少每个请求中的事件数。",
    ),
    "not_lz_string": Text(
        BAD,
        "The body is not LZ-String in the declared packing: {detail}.",
        "请求体不是所声明格式的 LZ-String：{detail}。",
        "compress=1 in the URL means bytes, compress=11 the URI alphabet, and X-Compress-Codec: 1 "
        "means UTF-16 characters.",
        "URL 中的 compress=1 表示字节格式，compress=11 表示 URI 字符格式，"
        "X-Compress-Codec: 1 表示 UTF-16 字符格式。",
    ),
    "not_lz4": Text(
        BAD,
        "The body is not one raw LZ4 block: {detail}.",
        "请求体不是一个 LZ4 原始块：{detail}。",
        "Compress with LZ4's block format, without a frame and without the length before it.",
        "请用 LZ4 的块格式压缩，不带帧头，前面也不带长度。",
    ),
    "foreign_compression": Text(
        BAD,
        "The body is compressed with {found}, which the collect protocol does not know.",
        "请求体用 {found} 压缩，采集协议不支持这种格式。",
        "Send it uncompressed, or as one raw snappy block with X-Compress-Codec: 2.",
        "请不压缩发送，或压缩成一个 snappy 原始块并带上 X-Compress-Codec: 2。",
    ),
    "wrong_key": Text(
        BAD,
        "The body cannot be read with the key {given} from {source}, but with {good} it can "
        "({form}).",
        "用 {source} 给出的密钥 {given} 无法读取请求体，用 {good} 则可以（{form}）。",
        "Encrypt with the lowest byte of the very stm that the URL has.",
        "请用 URL 中那个 stm 的最低字节加密，两者必须是同一个时间。",
    ),
    "key_not_given": Text(
        BAD,
        "The body is encrypted and can be read with the key {good} ({form}), but the request has "
        "no send time that gives it.",
        "请求体已加密，用密钥 {good} 可以读取（{form}），但请求中没有能得出该密钥的发送时间。",
        "Add ?stm= with the send time in milliseconds whose lowest byte is the key.",
        "在 URL 中加上 ?stm=（发送时间，毫秒），其最低字节就是密钥。",
    ),
    "not_encrypted": Text(
        BAD,
        "X-Crypt-Codec is 1, but the body can be read without decryption ({form}).",
        "X-Crypt-Codec 为 1，但请求体不解密就能读取（{form}）。",
        "Encrypt the body after compressing it, or leave the header out.",
        "请在压缩之后加密请求体，或去掉该请求头。",
    ),
    "encrypted_undeclared": Text(
        BAD,
        "The body is encrypted with the key {good} ({form}), but X-Crypt-Codec is not 1.",
        "请求体用密钥 {good} 加密（{form}），但 X-Crypt-Codec 不是 1。",
        "Send X-Crypt-Codec: 1, and a stm whose lowest byte is the key.",
        "请发送 X-Crypt-Codec: 1，并使 stm 的最低字节等于密钥。",
    ),
    "xor_key_from_header": Text(
        WARN,
        "The body is encrypted, but the URL has no stm; the key was taken from X-Timestamp.",
        "请求体已加密，但 URL 中没有 stm；密钥取自 X-Timestamp。",
        "Add ?stm= with the same time to the URL.",
        "在 URL 中加上时间相同的 ?stm=。",
    ),
    "compressed_otherwise": Text(
        WARN,
        "The body is compressed with {found}, but the request says otherwise ({declared}).",
        "请求体用 {found} 压缩，与请求的声明不符（{declared}）。",
        "Declare the compression that is used: X-Compress-Codec 1 is LZ-String, 2 snappy, 3 LZ4; "
        "compress in the URL is for LZ-String from web pages.",
        "请如实声明压缩方式：X-Compress-Codec 的 1 是 LZ-String，2 是 snappy，3 是 LZ4；"
        "URL 中的 compress 用于网页的 LZ-String。",
    ),
    "not_compressed": Text(
        WARN,
        "The body is not compressed, but the request says that it is ({declared}).",
        "请求体没有压缩，但请求声明已压缩（{declared}）。",
        "Compress the body, or do not declare a compression.",
        "请压缩请求体，或不要声明压缩。",
    ),
}
