using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using StableDiffusion.Coordinator;

namespace StableDiffusion.Farm.Tests.Deployment;

/// <summary>The rule of docs/operations.md: while a new version migrates and starts, the one before it still works on the same tables. What would
/// break it is left to a migration named Contract…, which goes out when no coordinator uses the old shape any more.</summary>
public sealed class UpgradeTests
{
    private const string Contracting = "Contract";

    [Fact]
    public void Migrations_leave_standing_what_the_version_before_them_uses()
    {
        using var db = new FarmDb(new DbContextOptionsBuilder<FarmDb>().UseNpgsql("Host=-").Options);
        var migrations = db.GetService<IMigrationsAssembly>();

        foreach ((string id, System.Reflection.TypeInfo type) in migrations.Migrations.Skip(1).Where(migration => !migration.Value.Name.StartsWith(Contracting, StringComparison.Ordinal)))
        {
            Migration migration = migrations.CreateMigration(type, db.Database.ProviderName!);
            Assert.All(migration.UpOperations, operation => Assert.False(Breaks(operation), $"{id}: {operation.GetType().Name} breaks the version before it"));
        }
    }

    public static TheoryData<MigrationOperation> Harmless =>
    [
        new CreateTableOperation(), new CreateIndexOperation(), new DropIndexOperation(), new AddColumnOperation { IsNullable = true },
        new AddColumnOperation { DefaultValue = 0 }, new AddColumnOperation { DefaultValueSql = "now()" }, new AddColumnOperation { ComputedColumnSql = "1" },
        new AlterColumnOperation { IsNullable = true, ColumnType = "text", OldColumn = new AddColumnOperation { ColumnType = "text" } },
    ];

    [Theory, MemberData(nameof(Harmless))]
    public void What_is_only_added_breaks_nothing(MigrationOperation operation) => Assert.False(Breaks(operation));

    public static TheoryData<MigrationOperation> Harmful =>
    [
        new DropTableOperation(), new DropColumnOperation(), new RenameColumnOperation(), new RenameTableOperation(), new AddColumnOperation(),
        new CreateIndexOperation { IsUnique = true }, new AddUniqueConstraintOperation(),
        new AlterColumnOperation { ColumnType = "text", OldColumn = new AddColumnOperation { ColumnType = "text", IsNullable = true } },
        new AlterColumnOperation { ColumnType = "integer", OldColumn = new AddColumnOperation { ColumnType = "bigint" } },
    ];

    [Theory, MemberData(nameof(Harmful))]
    public void What_an_older_version_reads_or_does_not_write_is_not_taken_or_asked_of_it(MigrationOperation operation) => Assert.True(Breaks(operation));

    private static bool Breaks(MigrationOperation operation) => operation switch
    {
        CreateTableOperation or DropIndexOperation or DropForeignKeyOperation or DropCheckConstraintOperation or EnsureSchemaOperation or CreateSequenceOperation => false,
        CreateIndexOperation index => index.IsUnique,
        AddColumnOperation column => !column.IsNullable && column.DefaultValue is null && column.DefaultValueSql is null && column.ComputedColumnSql is null,
        AlterColumnOperation column => column.ColumnType != column.OldColumn.ColumnType || (column.OldColumn.IsNullable && !column.IsNullable),
        SqlOperation => false, // whoever writes SQL by hand has read the rule
        _ => true,
    };
}
