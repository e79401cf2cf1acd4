const { processor } = require('coatcheck');
const sharp = require('sharp');

exports.handler = processor(async (request) => {
  const { format } = await sharp(await request.bytes()).metadata();
  return { format };
});
