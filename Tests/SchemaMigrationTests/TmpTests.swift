import Testing
import Foundation
@testable import SchemaMigration
@Test func tmpRender() throws { try MigrationCatalogue.shipped.render().write(toFile: "/tmp/sm/render.sql", atomically: true, encoding: .utf8); try (CatalogueSnapshot.settings + ";\n" + CatalogueSnapshot.query + ";").write(toFile: "/tmp/sm/snap.sql", atomically: true, encoding: .utf8) }
