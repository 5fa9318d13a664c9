import { expect, test } from 'vitest'
import { UsageError } from '../src/demo-error.ts'
import { readSettings } from '../src/settings.ts'

test('serves metrics on fixed ports and everything else on free ones', () => {
  expect(readSettings({})).toEqual({
    ports: {
      storefront: { http: 0, metrics: 9464 },
      orders: { http: 0, metrics: 9465 },
      payments: { http: 0, metrics: 9466 },
    },
    metricsHost: '127.0.0.1',
    downSeconds: undefined,
    otlpEndpoint: undefined,
  })
})

test('takes ports from the environment, 0 among them', () => {
  const { ports } = readSettings({
    DEMO_ORDERS_METRICS_PORT: '0',
    DEMO_PAYMENTS_PORT: ' 7403 ',
    DEMO_STOREFRONT_PORT: '',
  })
  expect(ports.orders).toEqual({ http: 0, metrics: 0 })
  expect(ports.payments).toEqual({ http: 7403, metrics: 9466 })
  expect(ports.storefront.http).toBe(0)
})

test.each(['http', '-1', '65536', '94.5', '0x10'])('refuses the port %s, and says which variable it is', (port) => {
  expect(() => readSettings({ DEMO_ORDERS_METRICS_PORT: port })).toThrow(UsageError)
  expect(() => readSettings({ DEMO_ORDERS_METRICS_PORT: port })).toThrow(`DEMO_ORDERS_METRICS_PORT is "${port}"`)
})

test('serves metrics to other machines when told to, and to nobody by a name', () => {
  expect(readSettings({ DEMO_METRICS_HOST: '0.0.0.0' }).metricsHost).toBe('0.0.0.0')
  expect(() => readSettings({ DEMO_METRICS_HOST: 'localhost' })).toThrow('DEMO_METRICS_HOST is "localhost"')
})

test('takes the length of the outage from the environment', () => {
  expect(readSettings({ DEMO_DOWN_SECONDS: '150' }).downSeconds).toBe(150)
  expect(() => readSettings({ DEMO_DOWN_SECONDS: '-1' })).toThrow('DEMO_DOWN_SECONDS is "-1"')
})

test('sends traces where the standard variables say, the one for traces first', () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://127.0.0.1:4318'
  const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = 'https://traces.example/v1/traces'
  expect(readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT }).otlpEndpoint).toBe(OTEL_EXPORTER_OTLP_ENDPOINT)
  expect(readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT }).otlpEndpoint).toBe(
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
  )
})

test.each(['127.0.0.1:4318', 'localhost:4318', 'grpc://collector'])('refuses the endpoint %s', (endpoint) => {
  expect(() => readSettings({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })).toThrow('OTEL_EXPORTER_OTLP_ENDPOINT')
})
