import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { adapted } from './adapted.ts'
import { freePorts } from './free-ports.ts'
import { pathOf } from './programs.ts'
import { ServerProcess } from './server-process.ts'
import { Webhook } from './webhook.ts'

const home = join(import.meta.dirname, '..')
const demo = join(home, '../demo/src/main.ts')

// Scrapes the same process once more, as a collector would have renamed its metrics.
const byCollector = (target: string): string => `
  - job_name: orders-by-collector
    static_configs: [{ targets: ['${target}'] }]
    metric_relabel_configs:
      - source_labels: [__name__]
        regex: circuit_breaker_state_time_total
        target_label: __name__
        replacement: circuit_breaker_state_time_seconds_total
`

/** The servers of compose.yml as processes on loopback, with the same configuration but for addresses and times. */
export class Stack implements AsyncDisposable {
  readonly prometheusUrl: string
  readonly alertmanagerUrl: string
  readonly jaegerUrl: string
  readonly webhook: Webhook
  readonly demo: ServerProcess
  readonly #resources: AsyncDisposableStack

  private constructor(
    urls: Readonly<Record<'prometheus' | 'alertmanager' | 'jaeger', string>>,
    webhook: Webhook,
    demoProcess: ServerProcess,
    resources: AsyncDisposableStack,
  ) {
    this.prometheusUrl = urls.prometheus
    this.alertmanagerUrl = urls.alertmanager
    this.jaegerUrl = urls.jaeger
    this.webhook = webhook
    this.demo = demoProcess
    this.#resources = resources
  }

  static async start(): Promise<Stack> {
    await using resources = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'switchgear-e2e-'))
    resources.defer(() => rm(folder, { recursive: true, force: true }))
    const ports = await freePorts(
      ...(['prometheus', 'alertmanager', 'jaeger', 'jaegerGrpc', 'jaegerHealth', 'otlp'] as const),
      ...(['storefront', 'orders', 'payments'] as const),
    )
    const address = (name: keyof typeof ports): string => `127.0.0.1:${ports[name]}`
    const urls = {
      prometheus: `http://${address('prometheus')}`,
      alertmanager: `http://${address('alertmanager')}`,
      jaeger: `http://${address('jaeger')}`,
    }

    const webhook = resources.use(await Webhook.start())
    await cp(join(home, 'prometheus'), folder, { recursive: true })
    const prometheusConfig = await adapted(join(home, 'prometheus/prometheus.yml'), {
      'scrape_interval: 15s': 'scrape_interval: 1s',
      'evaluation_interval: 15s': 'evaluation_interval: 1s',
      'http://localhost:16686': urls.jaeger,
      'alertmanager:9093': address('alertmanager'),
      'demo:9464': address('storefront'),
      'demo:9465': address('orders'),
      'demo:9466': address('payments'),
    })
    await writeFile(join(folder, 'prometheus.yml'), prometheusConfig + byCollector(address('orders')))
    const alertmanagerConfig = await adapted(join(home, 'alertmanager/alertmanager.yml'), {
      'group_wait: 30s': 'group_wait: 1s',
      'group_wait: 10s': 'group_wait: 1s',
      'group_interval: 1m': 'group_interval: 1s',
      'notifications:8080': webhook.address,
    })
    await writeFile(join(folder, 'alertmanager.yml'), alertmanagerConfig)

    const start = async (name: string, file: string, args: string[], readyUrl: string, env = {}) =>
      resources.use(await ServerProcess.start({ name, file, args, readyUrl, env, cwd: folder }))
    await Promise.all([
      start(
        'Jaeger',
        pathOf('jaeger'),
        ['--config', `file:${join(home, 'jaeger/jaeger.yml')}`],
        `http://${address('jaegerHealth')}/status`,
        {
          JAEGER_QUERY_PORT: String(ports.jaeger),
          JAEGER_QUERY_GRPC_PORT: String(ports.jaegerGrpc),
          JAEGER_HEALTH_PORT: String(ports.jaegerHealth),
          JAEGER_OTLP_PORT: String(ports.otlp),
        },
      ),
      start(
        'Alertmanager',
        pathOf('alertmanager'),
        [
          '--config.file=alertmanager.yml',
          '--storage.path=alertmanager-data',
          `--web.listen-address=${address('alertmanager')}`,
          '--cluster.listen-address=', // no gossip
        ],
        `${urls.alertmanager}/-/ready`,
      ),
      start(
        'Prometheus',
        pathOf('prometheus'),
        [
          '--config.file=prometheus.yml',
          '--storage.tsdb.path=prometheus-data',
          `--web.listen-address=${address('prometheus')}`,
        ],
        `${urls.prometheus}/-/ready`,
      ),
    ])
    const demoProcess = await start(
      'The demo',
      process.execPath,
      ['--conditions=@switchgear/source', demo],
      `http://${address('storefront')}/metrics`,
      {
        CI: 'true',
        DEMO_STOREFRONT_METRICS_PORT: String(ports.storefront),
        DEMO_ORDERS_METRICS_PORT: String(ports.orders),
        DEMO_PAYMENTS_METRICS_PORT: String(ports.payments),
        // Until it is told to go on.
        DEMO_DOWN_SECONDS: '3600',
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://${address('otlp')}`,
      },
    )
    return new Stack(urls, webhook, demoProcess, resources.move())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#resources[Symbol.asyncDispose]()
  }
}
