// The service that the plan would have had: Express, and one GET of Redis for each request.
//
//     node express.js PORT REDIS-PORT

const express = require('express')
const redis = require('redis')

const [port, redisPort] = process.argv.slice(2).map(Number)

async function main () {
  const client = redis.createClient({ url: `redis://127.0.0.1:${redisPort}` })
  await client.connect()
  const app = express()
  app.get('/api/:kind/:id', async (request, response) => {
    const body = await client.get(`${request.params.kind}:${request.params.id}`)
    if (body === null) return response.status(404).json({ error: 'not found' })
    response.type('application/json').send(body)
  })
  app.listen(port, '127.0.0.1', () => console.log('listening'))
}

main().catch((error) => { console.error(error); process.exit(1) })
