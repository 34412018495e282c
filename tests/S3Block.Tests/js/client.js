// What the SDK for JavaScript sends by itself: aws-chunked bodies with checksum trailers, parts, ranges, listings.
import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CompleteMultipartUploadCommand, CreateBucketCommand, CreateMultipartUploadCommand, DeleteObjectsCommand, GetObjectCommand, HeadObjectCommand,
  ListObjectsV2Command, PutObjectCommand, S3Client, UploadPartCommand,
} from '@aws-sdk/client-s3';

const [endpoint, Bucket] = process.argv.slice(2);
const s3 = new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true });
const same = (a, b, what) => { if (Buffer.compare(Buffer.from(a), Buffer.from(b)) !== 0) throw new Error(`${what} differs`); };
const get = async (Key, Range) => (await s3.send(new GetObjectCommand({ Bucket, Key, Range }))).Body.transformToByteArray();

await s3.send(new CreateBucketCommand({ Bucket }));
for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']) {
  const Body = randomBytes(300_001);
  await s3.send(new PutObjectCommand({ Bucket, Key: `sum/${ChecksumAlgorithm}`, Body, ChecksumAlgorithm }));
  same(await get(`sum/${ChecksumAlgorithm}`), Body, ChecksumAlgorithm);
}

// A stream of unknown hash: trailer.
const streamed = randomBytes(1_000_000);
await s3.send(new PutObjectCommand({ Bucket, Key: 'streamed ✓', Body: Readable.from([streamed.subarray(0, 300_000), streamed.subarray(300_000)]), ContentLength: streamed.length, Metadata: { hash: createHash('sha256').update(streamed).digest('hex') } }));
same(await get('streamed ✓'), streamed, 'streamed');
same(await get('streamed ✓', 'bytes=299990-300010'), streamed.subarray(299_990, 300_011), 'range');
if ((await s3.send(new HeadObjectCommand({ Bucket, Key: 'streamed ✓' }))).Metadata.hash.length !== 64) throw new Error('metadata');

const parts = [randomBytes(5 << 20), randomBytes(77)];
const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket, Key: 'parts' }));
const Parts = [];
for (const [i, Body] of parts.entries()) {
  const sent = await s3.send(new UploadPartCommand({ Bucket, Key: 'parts', UploadId, PartNumber: i + 1, Body }));
  Parts.push({ PartNumber: i + 1, ETag: sent.ETag, ChecksumCRC32: sent.ChecksumCRC32 });
}
await s3.send(new CompleteMultipartUploadCommand({ Bucket, Key: 'parts', UploadId, MultipartUpload: { Parts } }));
same(await get('parts'), Buffer.concat(parts), 'parts');

const listed = (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents.map((o) => o.Key);
if (listed.length !== 7) throw new Error(`${listed}`);
await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: listed.map((Key) => ({ Key })) } }));
if ((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount !== 0) throw new Error('not empty');
console.log('all as sent');
